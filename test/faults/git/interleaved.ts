import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDeployRepository } from '../../../publisher/deploy.ts'
import { bareEnvironment, deployOptions, gitIn, writeHook } from '../../support/publisher.ts'
import { createFindings, type Outcome, type Stage } from '../promise.ts'
import { createRandom, type Random } from '../random.ts'
import { allFiles, damageOf, openScene, type Scene } from './scene.ts'

/*
 * P24: a person changes, adds, deletes or puts right files of the deploy repository, or takes its newest commit back, just before we read it, between
 * our read and our push, and while the server takes the push. What the person wrote stays, to the byte; what was taken back stays away.
 */

const moments = ['before the read', 'after the read', 'before the push', 'in the push'] as const
type Moment = (typeof moments)[number]

const owned = Array.from({ length: 8 }, (_, index) => `environments/dev/language/jobs/${index}.yaml`)
const linesOfFile = 12

/** What is expected at one commit. */
interface Expected {
  /** What persons wrote and nobody put right: their text, or null for a file that they deleted. */
  readonly theirs: ReadonlyMap<string, string | null>
  /** What we wrote last. */
  readonly ours: ReadonlyMap<string, string>
}

/** What a person is about to do. */
interface Deed {
  readonly what: 'changes' | 'adds' | 'deletes' | 'puts right' | 'takes back'
  /** Commands of `git fast-import`; undefined to take the newest commit back. */
  readonly stream: string | undefined
  readonly after: Expected
}

export async function interleave({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const findings = createFindings()
  const random = createRandom(seed, 'interleaved')
  const scene = await openScene()
  const { url, folder } = scene
  const tally: Record<string, number> = {}
  const tell = (what: string): number => (tally[what] = (tally[what] ?? 0) + 1)
  try {
    const act = await letActBetween(scene)
    const environment = { ...bareEnvironment, PATH: `${join(folder, 'bin')}:${bareEnvironment.PATH}` }
    const deploy = await openDeployRepository({ ...deployOptions(url, join(folder, 'cache')), environment })
    const expected = new Map<string, Expected>()
    let now: Expected = { theirs: new Map(), ours: new Map() }
    for (let done = 0; done < count && !isOver(); done += 1) {
      if (done % 100 === 99) say(`${done} of ${count} interleavings`)
      const deed = done === 0 ? undefined : nextDeed(url, random, expected, now)
      const moment = random.pick(moments)
      if (deed) act.prepare(moment, deed)
      act.at('before the read')
      const wanted = random.shuffled(owned).slice(0, random.between(1, 3))
      const written = new Map<string, string>()
      const publication = await deploy.publish({
        source: null,
        change: ({ drifted }) => {
          written.clear()
          const others = new Set(drifted.map(({ path }) => path))
          for (const path of wanted) if (!others.has(path)) written.set(path, textOf(`ours ${done}`))
          act.at('after the read')
          if (written.size === 0) return undefined
          return { files: new Map(written), subject: 'Publish specs', body: '', action: 'publication', subjects: [] }
        },
      })
      // A person who waits for a push that never came does it now.
      act.at(moment)
      const base = deed?.after ?? now
      now = publication ? { theirs: base.theirs, ours: new Map([...base.ours, ...written]) } : base
      tell('interleavings')
      if (deed) tell(deed.what)
      if (publication) tell('publications')
      note(url, expected, base, now)
      check(url, now, publication ? written : new Map<string, string>(), (words) => {
        tell('reverted')
        findings.expect(false, () => `after ${done}, where a person ${deed?.what} ${moment}: ${words}`)
      })
    }
    findings.expect(damageOf(url) === '', () => damageOf(url))
    return { counts: { ...tally, reverted: tally['reverted'] ?? 0 }, violations: findings.all() }
  } finally {
    await scene.close()
  }
}

function textOf(line: string): string {
  return Array.from({ length: linesOfFile }, (_, index) => `line ${index}: ${line}\n`).join('')
}

function nextDeed(
  url: string,
  random: Random,
  expected: ReadonlyMap<string, Expected>,
  now: Expected,
): Deed | undefined {
  const files = allFiles(url)
  const path = random.pick(owned)
  const put = (text: string | null): string =>
    text === null ? `D ${path}\n` : `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`
  const deed = (what: Deed['what'], text: string | null, theirs: Expected['theirs']): Deed => ({
    what,
    after: { theirs, ours: now.ours },
    stream: `commit refs/heads/main\ncommitter Ada <ada@example.com> 1770000000 +0000\ndata 7\nBy hand\nfrom refs/heads/main^0\n${put(text)}`,
  })
  if (random.chance(0.15)) {
    const before = expected.get(gitIn(url, 'rev-list', '--max-count=1', '--skip=1', 'main'))
    return before && { what: 'takes back', stream: undefined, after: before }
  }
  if (now.theirs.has(path) && random.chance(0.6)) {
    const theirs = new Map([...now.theirs].filter(([other]) => other !== path))
    return deed('puts right', now.ours.get(path) ?? null, theirs)
  }
  const text = files.get(path)
  if (text !== undefined && random.chance(0.2)) return deed('deletes', null, new Map([...now.theirs, [path, null]]))
  const lines = (text ?? textOf('theirs')).split('\n')
  lines[random.between(0, linesOfFile - 1)] = `a hunk of Ada ${random.next()}`
  const changed = lines.join('\n')
  return deed(text === undefined ? 'adds' : 'changes', changed, new Map([...now.theirs, [path, changed]]))
}

/** Remembers what is expected at the newest commits, for when one is taken back. */
function note(url: string, expected: Map<string, Expected>, base: Expected, now: Expected): void {
  const [head = '', before = ''] = gitIn(url, 'rev-list', '--max-count=2', 'main').split('\n')
  if (!expected.has(before)) expected.set(before, base)
  if (!expected.has(head)) expected.set(head, now)
}

function check(
  url: string,
  now: Expected,
  written: ReadonlyMap<string, string>,
  broken: (words: string) => void,
): void {
  const files = allFiles(url)
  for (const [path, text] of now.theirs)
    if ((files.get(path) ?? null) !== text) broken(`${path} is not as the person left it:\n${files.get(path)}`)
  for (const [path, text] of written) if (files.get(path) !== text) broken(`${path} is not as we published it`)
  for (const [path, text] of now.ours)
    if (!now.theirs.has(path) && files.get(path) !== text) broken(`${path} is not as it was left:\n${files.get(path)}`)
}

/**
 * Lets a person act at a moment: what is done in between by our Git and by the server is reached through a Git on the PATH that looks first, and
 * through a hook of the server.
 */
async function letActBetween({ folder, url }: Scene) {
  const script = join(folder, 'person.sh')
  const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
  const unset = 'unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_DIR'
  writeFileSync(
    script,
    `${unset}
cd '${url}'
[ "$(cat moment 2>/dev/null)" = "$1" ] || exit 0
rm moment
if [ -f deed ]; then '${real}' fast-import --quiet < deed; else '${real}' update-ref refs/heads/main refs/heads/main^; fi
rm -f deed
`,
  )
  mkdirSync(join(folder, 'bin'))
  const shim = join(folder, 'bin', 'git')
  writeFileSync(
    shim,
    `#!/bin/sh\nfor word in "$@"; do if [ "$word" = push ]; then sh '${script}' 'before the push'; fi; done\nexec '${real}' "$@"\n`,
  )
  chmodSync(shim, 0o755)
  await writeHook(url, 'update', `#!/bin/sh\nsh '${script}' 'in the push'\n`)
  return {
    prepare: (moment: Moment, { stream }: Deed): void => {
      if (stream !== undefined) writeFileSync(join(url, 'deed'), stream)
      writeFileSync(join(url, 'moment'), moment)
    },
    at: (moment: Moment): void => {
      execFileSync('sh', [script, moment], { env: { ...bareEnvironment }, stdio: ['ignore', 'ignore', 'inherit'] })
    },
  }
}
