import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/* The language server that editors start for YAML, spoken to as an editor does: messages with a length before each, over standard streams. */

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
}

export interface Diagnostic {
  readonly message: string
  readonly range: { readonly start: { readonly line: number; readonly character: number } }
}

export interface LanguageServer {
  /** Opens a file as an editor does, and waits for what the server finds in it. */
  open(path: string, text: string): Promise<readonly Diagnostic[]>
  /** The texts that it offers at a position, both counted from 0. */
  complete(path: string, line: number, character: number): Promise<readonly string[]>
  /** What it says about what stands at a position. */
  hover(path: string, line: number, character: number): Promise<string>
  stop(): Promise<void>
}

const patienceMilliseconds = 60_000

/** Starts yaml-language-server in a folder. @throws Error when it does not answer */
export async function startLanguageServer(folder: string): Promise<LanguageServer> {
  const manifest = createRequire(import.meta.url).resolve('yaml-language-server/package.json')
  const program = join(dirname(manifest), 'bin', 'yaml-language-server')
  const child = spawn(process.execPath, [program, '--stdio'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  const heard: Message[] = []
  const listeners = new Set<() => void>()
  readMessages(child, (message) => {
    // It asks for settings and registrations; nothing is an answer that it takes.
    if (message.method !== undefined && message.id !== undefined) {
      const items = (message.params as { items?: unknown[] } | undefined)?.items
      send(child, { jsonrpc: '2.0', id: message.id, result: items ? items.map(() => null) : null })
    } else heard.push(message)
    for (const listener of listeners) listener()
  })
  const wait = <T>(what: string, find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => done(() => reject(new Error(`the language server sent no ${what}`))),
        patienceMilliseconds,
      )
      const look = (): void => {
        const found = find()
        if (found !== undefined) done(() => resolve(found))
      }
      const done = (then: () => void): void => {
        clearTimeout(timer)
        listeners.delete(look)
        then()
      }
      listeners.add(look)
      look()
    })
  let last = 0
  const ask = async (method: string, params: unknown): Promise<unknown> => {
    const id = (last += 1)
    send(child, { jsonrpc: '2.0', id, method, params })
    return (await wait(`answer to ${method}`, () => heard.find((one) => one.id === id))).result
  }
  const uriOf = (path: string): string => pathToFileURL(join(folder, path)).href
  const at = (path: string, line: number, character: number) => ({
    textDocument: { uri: uriOf(path) },
    position: { line, character },
  })
  await ask('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: { textDocument: { completion: {}, hover: {} } },
  })
  send(child, { jsonrpc: '2.0', method: 'initialized', params: {} })
  return {
    open: async (path, text) => {
      const uri = uriOf(path)
      send(child, {
        jsonrpc: '2.0',
        method: 'textDocument/didOpen',
        params: { textDocument: { uri, languageId: 'yaml', version: 1, text } },
      })
      const told = await wait(`diagnostics of ${path}`, () =>
        heard.find(
          (one) => one.method === 'textDocument/publishDiagnostics' && (one.params as { uri: string }).uri === uri,
        ),
      )
      return (told.params as { diagnostics: Diagnostic[] }).diagnostics
    },
    complete: async (path, line, character) => {
      const result = (await ask('textDocument/completion', at(path, line, character))) as {
        items: { label: string }[]
      } | null
      return (result?.items ?? []).map((one) => one.label)
    },
    hover: async (path, line, character) => JSON.stringify(await ask('textDocument/hover', at(path, line, character))),
    stop: async () => {
      await ask('shutdown', null)
      const ended = new Promise((resolve) => child.once('exit', resolve))
      send(child, { jsonrpc: '2.0', method: 'exit', params: null })
      await ended
    },
  }
}

function send(child: ChildProcess, message: object): void {
  const text = JSON.stringify(message)
  child.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}

function readMessages(child: ChildProcess, take: (message: Message) => void): void {
  let rest = Buffer.alloc(0)
  child.stdout?.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const end = rest.indexOf('\r\n\r\n')
      const length = Number(
        /Content-Length: (\d+)/i.exec(rest.subarray(0, Math.max(end, 0)).toString('ascii'))?.[1] ?? -1,
      )
      if (end < 0 || length < 0 || rest.length < end + 4 + length) return
      take(JSON.parse(rest.subarray(end + 4, end + 4 + length).toString('utf8')) as Message)
      rest = rest.subarray(end + 4 + length)
    }
  })
}
