import { Agent, request } from 'node:http'

/*
 * Callers of an endpoint: each keeps its connection, asks again as soon as it was answered and a moment has passed, and counts every request that got no
 * good answer. Nothing is tried again: a request that a caller would have to repeat is lost.
 */

export interface LoadOptions {
  /** Of the endpoint, with its route. */
  readonly url: string
  /** Callers at once, each with a connection of its own. */
  readonly callers: number
  /** Of each caller between an answer and its next request. */
  readonly pauseMilliseconds: number
}

export interface Loaded {
  readonly asked: number
  readonly lost: number
  /** What happened to the first that was lost; empty when none was. */
  readonly firstLoss: string
  /** Version of the model that answered → how often. */
  readonly answers: Readonly<Record<string, number>>
}

export interface Load {
  /** How it stands now. */
  readonly now: () => Loaded
  /** Lets every caller finish its last request. */
  stop(): Promise<Loaded>
}

const answerSecondsMax = 30

/** What one request came to: the version that answered, or why it is lost. */
type Outcome = { readonly version: string } | { readonly loss: string }

export function startLoad({ url, callers, pauseMilliseconds }: LoadOptions): Load {
  const answers = new Map<string, number>()
  let asked = 0
  let lost = 0
  let firstLoss = ''
  let stopping = false
  const now = (): Loaded => ({ asked, lost, firstLoss, answers: Object.fromEntries(answers) })
  const caller = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!stopping) {
      asked += 1
      const outcome = await ask(url, agent)
      if ('version' in outcome) answers.set(outcome.version, (answers.get(outcome.version) ?? 0) + 1)
      else {
        lost += 1
        firstLoss ||= outcome.loss
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds))
    }
    agent.destroy()
  }
  const over = Promise.all(Array.from({ length: callers }, caller))
  return {
    now,
    stop: async () => {
      stopping = true
      await over
      return now()
    },
  }
}

function ask(url: string, agent: Agent): Promise<Outcome> {
  return new Promise((resolve) => {
    const lose = (loss: string): void => resolve({ loss })
    const asked = request(url, { agent, timeout: answerSecondsMax * 1000 }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (text: string) => (body += text))
      answer.on('error', (error) => lose(`the answer broke off: ${error.message}`))
      answer.on('end', () => {
        const version = /"version":"([^"]*)"/.exec(body)?.[1]
        if (answer.statusCode === 200 && version !== undefined) resolve({ version })
        else lose(`status ${answer.statusCode}: ${body.slice(0, 200)}`)
      })
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${answerSecondsMax} s`)))
    asked.on('error', (error) => lose(error.message))
    asked.end()
  })
}
