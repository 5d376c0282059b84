import type { Problem } from '../domain/problem.ts'
import { type ProblemCode, problemCodes } from '../domain/problem-codes.ts'

/** The folder of a spec repository that holds the specs. */
export const specsFolder = 'specs'

/** The folder with templates and patches that specs and settings name; it may be missing. */
export const templatesFolder = 'templates'

/** Whether a path under `templates/` is one that is read. */
export function isTemplatePath(path: string): boolean {
  const isBelow = path.startsWith(`${templatesFolder}/`) && /\.(hbs|ya?ml|json)$/.test(path)
  return isBelow && !isUnprintable(path) && !path.split('/').some((part) => part.startsWith('.'))
}

export const specFilesMax = 5_000
/** A larger file is not read; the compiler's own limit is the same. */
export const specBytesMax = 256 * 1024

/** Whether a path under `specs/` is one that is read: its ending, and no hidden name on the way. */
export function isSpecPath(path: string): boolean {
  return (path.endsWith('.yaml') || path.endsWith('.yml')) && !path.startsWith('.') && !path.includes('/.')
}

/** A problem of a whole file. */
export function fileProblem(code: ProblemCode, file: string, message: string, hint?: string): Problem {
  const where = { file, line: 1, column: 1 }
  return { code, severity: problemCodes[code], message, where, ...(hint === undefined ? {} : { hint }) }
}

export function tooMany(): Problem {
  const message = `there are more than ${specFilesMax} files in ${specsFolder}/`
  return fileProblem('FILES_TOO_MANY', specsFolder, message, 'split the repository, or put several specs into one file')
}

export function tooLarge(path: string, bytes: number): Problem {
  const message = `the file has ${bytes} bytes; a spec file may have ${specBytesMax}`
  return fileProblem('FILE_TOO_LARGE', path, message, 'split it into several files')
}

/** A name with a line break or another control character would forge lines of what is printed about it. */
export function isUnprintable(path: string): boolean {
  // Most are plain: the tables of Unicode are not asked for those.
  return !/^[ -~]*$/.test(path) && /[\p{Cc}\p{Zl}\p{Zp}\uFFFD]/u.test(path)
}

export function unprintable(path: string): Problem {
  const shown = path.replace(/[\p{Cc}\p{Zl}\p{Zp}\uFFFD]/gu, '?')
  return fileProblem(
    'FILE_UNREADABLE',
    shown,
    'the name of the file has control characters or is not UTF-8',
    'rename it',
  )
}

export function outside(path: string): Problem {
  return fileProblem(
    'FILE_OUTSIDE',
    path,
    'the link leads out of the repository, or nowhere',
    'put the file itself here',
  )
}
