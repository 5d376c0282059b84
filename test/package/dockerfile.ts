import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

/*
 * Follows a Dockerfile in folders of this machine, for there need not be a container engine: what is copied is copied and what is run is run, in
 * a folder for each stage. It knows the instructions that ours uses and refuses all others. Packages of the distribution are not installed.
 */

export interface Instruction {
  readonly name: string
  readonly rest: string
}

export interface Stage {
  readonly name: string
  readonly instructions: readonly Instruction[]
}

/** @throws Error for an instruction that is none of ours */
export function readDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const stages: { name: string; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? []
    if (name === 'FROM') stages.push({ name: / AS (\w+)$/.exec(rest)?.[1] ?? '', instructions: [] })
    else if (name === 'ARG' && stages.length === 0) continue
    else if (!['WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'ENTRYPOINT', 'CMD'].includes(name))
      throw new Error(`the Dockerfile says something that is not followed here: ${line}`)
    else stages.at(-1)?.instructions.push({ name, rest })
  }
  return stages
}

export interface Place {
  /** A folder that stands for the root of each stage's file system, by the stage's name. */
  readonly roots: Readonly<Record<string, string>>
  /** What `COPY . .` copies. */
  readonly context: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** @throws Error with what a command wrote, when it fails */
export function followStage({ name, instructions }: Stage, { roots, context, environment }: Place): void {
  const root = roots[name] ?? ''
  let folder = root
  for (const { name: what, rest } of instructions) {
    if (what === 'WORKDIR') {
      folder = join(root, rest)
      mkdirSync(folder, { recursive: true })
    } else if (what === 'COPY') {
      const from = /^--from=(\w+) /.exec(rest)
      const words = rest.slice(from?.[0].length ?? 0).split(' ')
      const target = words.pop() ?? ''
      const source = from ? (roots[from[1] ?? ''] ?? '') : context
      for (const word of words) copy(join(source, word), join(folder, target), target.endsWith('/'))
    } else if (what === 'RUN' && !rest.startsWith('apt-get ')) {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', rest], {
        cwd: folder,
        encoding: 'utf8',
        env: environment,
      })
      if (status !== 0) throw new Error(`RUN ${rest} ended with ${status}:\n${stdout}\n${stderr}`)
    }
  }
}

/** As COPY does: a folder's content, or a file under its name where the target is a folder. */
function copy(source: string, target: string, intoFolder: boolean): void {
  cpSync(source, statSync(source).isFile() && intoFolder ? join(target, basename(source)) : target, {
    recursive: true,
    verbatimSymlinks: true,
  })
}
