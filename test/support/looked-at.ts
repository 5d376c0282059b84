import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Identity, identityOf } from '../../cli/specs/looking/identity.ts'
import { look, type Looked } from '../../cli/specs/looking/look.ts'
import { openRecollection } from '../../cli/specs/looking/recollection.ts'
import { leftOver, stillThere } from '../../cli/specs/writing/destination.ts'
import { writeTree } from '../../cli/specs/writing/write-tree.ts'
import { settingsFrom } from '../../cli/house/settings.ts'
import { source } from './compiler.ts'
import { EditedRepository, type PartName } from './edited-repository.ts'

/** A spec repository on the disk, the folder that it is compiled to, and a cache. */
export class LookedAt {
  readonly folder = mkdtempSync(join(tmpdir(), 'specyard-looked-'))
  readonly root = join(this.folder, 'specs')
  readonly to = join(this.folder, 'tree')
  readonly cache = join(this.folder, 'cache')
  /** What clocks are off by, milliseconds. */
  clockOff = 0
  maker = 'f'.repeat(64)
  /** What the last command that wrote told to be there beside its tree. */
  left: readonly string[] = []
  private readonly repository = new EditedRepository()
  private publications = 0

  constructor() {
    mkdirSync(this.root)
    writeFileSync(join(this.root, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
    for (const { path, bytes } of this.repository.files.values()) this.put(path, bytes)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  write(part: PartName, state: number, folder = 0): void {
    this.removeFile(part)
    this.repository.write(part, state, folder)
    const file = this.repository.files.get(part)
    if (file) this.put(file.path, file.bytes)
  }

  remove(part: PartName): void {
    this.removeFile(part)
    this.repository.files.delete(part)
  }

  /** Another number in a training, in as many bytes and, as far as anybody can say so, at the same time as before. */
  swap(part: PartName): void {
    const file = this.path(part)
    if (file === undefined) return
    const { atime, mtime } = statSync(file)
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace(/epochs: (\d)/, (_all, epochs: string) => `epochs: ${(Number(epochs) + 1) % 9}`),
    )
    utimesSync(file, atime, mtime)
    const path = this.repository.files.get(part)?.path ?? ''
    this.repository.files.set(part, { path, bytes: readFileSync(file) })
  }

  touch(part: PartName): void {
    const file = this.path(part)
    if (file !== undefined) utimesSync(file, new Date(), new Date())
  }

  async publish(): Promise<void> {
    this.repository.apply({ kind: 'publish' })
    this.publications += 1
    const commit = String(this.publications).padStart(40, '0')
    this.repository.deployed = { ...this.repository.deployed, commit }
    await Promise.resolve()
  }

  /** Waits until a change of any file would show by its times. */
  async settle(): Promise<void> {
    const newest = Math.max(...[this.root, this.to].flatMap(filesBelow).map((file) => statSync(file).ctimeMs))
    while (Date.now() <= newest + 60) await pause(5)
  }

  /**
   * @param isKnown whether anything of the last time is used
   * @param to null where nothing is written
   */
  look(isKnown: boolean, to: string | null = this.to): Promise<Looked> {
    return look({
      settings: settingsFrom(readFileSync(join(this.root, 'specyard.yaml'), 'utf8'), this.root, {}),
      deployed: () => Promise.resolve(this.repository.deployed),
      source: () => Promise.resolve(source),
      recollection: isKnown ? openRecollection(this.cache, this.maker, ['compile', this.root, to ?? '']) : undefined,
      aids: () => ({}),
      clock: () => Date.now() + this.clockOff,
      ...(to === null ? {} : { to }),
    })
  }

  /** Writes what was found, as the command does. @returns how many files were written; undefined where there are errors */
  async finish(looked: Looked): Promise<number | undefined> {
    if (!looked.tree) return undefined
    const stands = new Map<string, Identity>()
    const written = await writeTree(this.to, looked.tree, (path, about) => stands.set(path, identityOf(about)))
    this.left = looked.replaced
      ? stillThere(this.to, looked.replaced)
      : leftOver(this.to, new Set([...looked.tree.keys(), ...looked.standing]))
    looked.remember(stands, this.left)
    return written
  }

  /** Paths of specs that were compiled, without those of which everything depends. */
  compiled({ files }: Looked): readonly string[] {
    return files
      .map(({ path }) => path)
      .filter((path) => !/(?:^specyard|\/(?:dev|prod|documents|policy))\.yaml$/.test(path))
  }

  outputs(): readonly string[] {
    return filesBelow(this.to)
  }

  knownFiles(): readonly string[] {
    return filesBelow(this.cache).filter((path) => path.endsWith('.known'))
  }

  private path(part: PartName): string | undefined {
    const file = this.repository.files.get(part)
    return file && join(this.root, file.path)
  }

  private removeFile(part: PartName): void {
    const file = this.path(part)
    if (file !== undefined) rmSync(file, { force: true })
  }

  private put(path: string, bytes: Uint8Array): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true })
    writeFileSync(join(this.root, path), bytes)
  }
}

function filesBelow(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      .sort()
  } catch {
    return []
  }
}
