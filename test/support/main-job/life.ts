import { setTimeout as pause } from 'node:timers/promises'
import { copyExample, type Example, lengthened } from './example.ts'
import { type Ended, type Program, type Running, startProgram } from './program.ts'
import { lookAt, type Sight } from './sight.ts'

/** One state folder, through several lives of `up`. */
export interface Life {
  readonly example: Example
  readonly sight: Sight
  readonly program: Pick<Program, 'words'>
  /** All that every `up` has said. */
  readonly said: string[]
  /** Every token that was seen in a Secret. */
  readonly tokens: Set<string>
}

/** A point of the main job, seen from outside. */
export interface Milestone {
  readonly name: string
  reached(life: Life): boolean | Promise<boolean>
  /** What else dies at that point; nothing else unless told. */
  alsoKill?(life: Life): void
  /** A trainer comes there by itself, also while `up` is dead: then `up` is killed as soon as it has begun to work. */
  readonly comesAlone?: boolean
  /** The point is one of an orderly stop: `up` is interrupted once this is so. */
  interruptedWhen?(life: Life): boolean | Promise<boolean>
}

/** The point was passed before `up` could be killed at it: the whole life has to begin anew. */
export class Missed extends Error {}

const reachSecondsMax = 180
/** Looks at files cost little; questions to the API would keep it from its work. */
const lookMilliseconds = 4
const askMilliseconds = 100
const settleSeconds = 240

export function beginLife(program: Pick<Program, 'words'>): Life {
  const example = copyExample()
  example.edit('specs/handbook/training.yaml', lengthened)
  return { example, sight: lookAt(example), program, said: [], tokens: new Set() }
}

/**
 * Starts `up` and kills it, and nothing else, at a point that it had not been killed at before.
 * @throws Missed; Error when it is not reached, or `up` ends by itself
 */
export async function killAt(life: Life, milestone: Milestone): Promise<void> {
  const came = await milestone.reached(life)
  if (came && !milestone.comesAlone) throw new Missed(`"${milestone.name}" was reached before up was started`)
  const up = startProgram(life.program, life.example.folder, ['up', '--port', '0'])
  try {
    if (milestone.interruptedWhen) {
      await until(life, up, `the moment to interrupt for "${milestone.name}"`, milestone.interruptedWhen)
      up.kill('SIGINT')
    }
    if (came) await until(life, up, `its first words after "${milestone.name}"`, () => up.said() !== '')
    else await until(life, up, `"${milestone.name}"`, (one) => milestone.reached(one))
  } finally {
    up.kill('SIGKILL')
    rememberTokens(life)
    await up.ended
    life.said.push(up.said())
  }
  milestone.alsoKill?.(life)
  if ((await up.ended).code !== null) throw new Missed(`up ended by itself at "${milestone.name}"`)
}

async function until(
  life: Life,
  up: Running,
  what: string,
  reached: (life: Life) => boolean | Promise<boolean>,
): Promise<void> {
  const latest = performance.now() + reachSecondsMax * 1000
  for (let look = reached(life); !(await look); look = reached(life)) {
    if (up.hasEnded()) throw new Error(`up ended by itself before ${what}:\n${up.said()}`)
    if (performance.now() > latest) throw new Error(`not reached in ${reachSecondsMax} s: ${what}\n${up.said()}`)
    await pause(typeof look === 'boolean' ? lookMilliseconds : askMilliseconds)
  }
}

/** Starts `up` once more and lets it work until everything has settled. */
export async function settle(life: Life): Promise<Ended> {
  const args = ['up', '--until-settled', '--output', 'json', '--port', '0', '--timeout', `${settleSeconds}s`]
  const up = startProgram(life.program, life.example.folder, args)
  const watched = setInterval(() => rememberTokens(life), 200)
  const ended = await up.ended
  clearInterval(watched)
  rememberTokens(life)
  life.said.push(up.said())
  return ended
}

function rememberTokens(life: Life): void {
  for (const secret of life.sight.secrets()) if (secret.data['token']) life.tokens.add(secret.data['token'])
}
