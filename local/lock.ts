import { createHash, randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../domain/fault.ts'
import { diskFault } from './process/disk-fault.ts'
import { createWhole, readText, writeWhole } from './process/files.ts'
import { isAlive, isIdentity, ownIdentity, type ProcessIdentity } from './process/identity.ts'

/** Who holds a folder, as its lock file says. */
export interface LockHolder extends ProcessIdentity {
  /** Told apart also where one process took the lock, let it go and took it again. */
  readonly id: string
  readonly command: string
  readonly since: string
  /** Where its API answers, once it does. */
  readonly url: string | null
}

export interface Lock {
  /** Says more about the holder, such as where its API answers. */
  update(details: { readonly url: string }): Promise<void>
  release(): Promise<void>
}

const lockFile = 'lock'
const takeoverTriesMax = 100

/**
 * Takes the lock of a folder: one process at a time works with the embedded database and the local cluster. A lock whose holder is dead is
 * taken over, and of several who try to, one succeeds. Processes on other machines that share the folder are not seen.
 * @throws Fault ALREADY_RUNNING naming the process that holds it, FILE_FAILED, DISK_FULL
 */
export async function acquireLock(folder: string, about: { readonly command: string }): Promise<Lock> {
  const path = join(folder, lockFile)
  const own: LockHolder = {
    ...ownIdentity(),
    id: randomUUID(),
    command: about.command,
    since: new Date().toISOString(),
    url: null,
  }
  try {
    await take(path, own, folder)
  } catch (error) {
    throw diskFault(error, `the lock ${path} could not be written`)
  }
  let held: LockHolder | null = own
  const isOurs = (): boolean => held !== null && holderIn(readText(path))?.id === held.id
  return {
    update: async (details) => {
      if (!held || !isOurs()) return
      held = { ...held, ...details }
      writeWhole(path, text(held), 0o644)
    },
    release: async () => {
      if (isOurs()) rmSync(path, { force: true })
      held = null
    },
  }
}

/** The process that holds a folder now; undefined when none does. */
export function lockHolder(folder: string): LockHolder | undefined {
  const holder = holderIn(readText(join(folder, lockFile)))
  return holder && isAlive(holder) ? holder : undefined
}

async function take(path: string, own: LockHolder, folder: string): Promise<void> {
  for (let tries = 0; tries < takeoverTriesMax; tries += 1) {
    if (createWhole(path, text(own), 0o644)) return
    const seen = readText(path)
    if (seen === undefined) continue
    const holder = holderIn(seen)
    if (holder && isAlive(holder)) throw alreadyRunning(holder, folder)
    if (takeOver(path, seen, own)) return
    await pause(20)
  }
  throw new Fault('ALREADY_RUNNING', `another process is just taking the lock of ${folder}`, {
    retry: 'soon',
    hint: 'try again in a moment',
  })
}

/**
 * Puts our lock in the place of a dead one. Only the holder of the guard, a lock whose name comes from the dead lock's text, may do so, and
 * only while that text stands there: so nobody ever replaces a lock that somebody else has just taken over.
 */
function takeOver(path: string, dead: string, own: LockHolder): boolean {
  const guard = `${path}.takeover-${createHash('sha256').update(dead).digest('hex').slice(0, 16)}`
  if (!createWhole(guard, text(own), 0o644)) {
    const other = readText(guard)
    if (other === undefined) return false
    const holder = holderIn(other)
    if (holder && isAlive(holder)) return false
    // Whoever held the guard died in that instant: the guard is taken over in the same way.
    if (!takeOver(guard, other, own)) return false
  }
  try {
    if (readText(path) !== dead) return false
    writeWhole(path, text(own), 0o644)
    return true
  } finally {
    rmSync(guard, { force: true })
  }
}

function holderIn(read: string | undefined): LockHolder | undefined {
  try {
    const holder = JSON.parse(read ?? '') as LockHolder
    return isIdentity(holder) ? holder : undefined
  } catch {
    return undefined
  }
}

function text(holder: LockHolder): string {
  return `${JSON.stringify(holder, null, 2)}\n`
}

function alreadyRunning(holder: LockHolder, folder: string): Fault {
  const where = holder.url ? `, at ${holder.url}` : ''
  return new Fault(
    'ALREADY_RUNNING',
    `process ${holder.pid} (${holder.command}, since ${holder.since}${where}) holds ${folder}`,
    {
      retry: 'never',
      hint: `use it${holder.url ? ` at ${holder.url}` : ''}, or stop it first: Ctrl-C where it runs, or kill ${holder.pid}`,
    },
  )
}
