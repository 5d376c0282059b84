import { Fault, isFault } from '../../domain/fault.ts'

/** What a failed disk operation means: DISK_FULL or FILE_FAILED; a Fault stays what it is. */
export function diskFault(error: unknown, what: string): Fault {
  if (isFault(error)) return error
  const code = (error as NodeJS.ErrnoException | null)?.code ?? 'unknown error'
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Fault('DISK_FULL', `${what}: the disk is full`, {
      retry: 'later',
      hint: 'make room; a service then goes on by itself, and a command is to be run again',
      cause: error,
    })
  }
  return new Fault('FILE_FAILED', `${what} (${code})`, {
    retry: 'later',
    hint: 'check that the folder exists and may be written to',
    cause: error,
  })
}
