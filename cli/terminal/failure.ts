import { isFault } from '../../domain/fault.ts'

/** What a person reads when the world outside failed: the code, what happened, what to do, and when trying again makes sense. */
export function explainFailure(error: unknown): string {
  if (isFault(error)) {
    const again = { soon: 'trying again soon may help', later: 'trying again later may help', never: undefined }[
      error.retry
    ]
    return [
      `error  ${error.code}  ${error.message}`,
      ...(error.hint ? [`  hint: ${error.hint}`] : []),
      ...(again ? [`  ${again}`] : []),
      '',
    ].join('\n')
  }
  // Nothing of ours throws anything else on purpose: this is a defect, and its stack is what its report needs.
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `error  this is a defect of specyard; please report it with these lines:\n${stack}\n`
}
