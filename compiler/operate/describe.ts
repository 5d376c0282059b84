import { keyText } from '../../domain/names.ts'
import type { Operation, OperationResult } from '../../domain/operation.ts'

const subjectLengthMax = 72

/** Subject (at most 72 characters) and body of the commit of a batch of operations. */
export function describeOperations(results: readonly OperationResult[]): { subject: string; body: string } {
  const applied = results.filter((result) => result.applied).map((result) => result.operation)
  const lines = applied.map(line)
  const [first = 'Nothing to do'] = lines
  const subject = lines.length <= 1 ? first : `${first} and ${lines.length - 1} more`
  return {
    subject: subject.length <= subjectLengthMax ? subject : `${subject.slice(0, subjectLengthMax - 1)}…`,
    body: lines.length > 1 || subject.length > subjectLengthMax ? lines.join('\n') : '',
  }
}

function line(operation: Operation): string {
  switch (operation.kind) {
    case 'retry':
      return `Retry ${keyText(operation.key)}: attempt ${operation.attempt} after ${operation.failureClass}`
    case 'retire':
      return `Retire ${keyText(operation.key)}${operation.outcome === null ? `: attempt ${operation.attempts.map((one) => one.attempt).join(', ')}` : `: ${operation.outcome}`}`
    case 'conclude':
      return `Conclude ${keyText(operation.key)}: ${operation.outcome}${reasonOf(operation)}`
    case 'cancel':
      return `Cancel ${keyText(operation.key)}`
    case 'register':
      return `Register a version of ${operation.project}/${operation.model}`
    case 'stage':
      return `Call ${operation.project}/${operation.model}@${operation.version} ${operation.stage}`
    case 'rollout':
      return stepLine(operation)
    case 'rollback':
      return `Roll ${keyText(operation.key)} back from revision ${operation.expect.candidate ?? operation.expect.revision}`
    case 'confirm':
      return `Remember that ${keyText(operation.key)} works at revision ${operation.revision}`
  }
}

function stepLine({ key, step, weight, expect }: Extract<Operation, { kind: 'rollout' }>): string {
  const candidate = `revision ${expect.candidate}`
  switch (step) {
    case 'set':
      return `Give ${candidate} of ${keyText(key)} ${weight} % of the requests`
    case 'pause':
      return `Pause the rollout of ${keyText(key)} at ${expect.weight} %`
    case 'resume':
      return `Let specs move ${keyText(key)} again`
    case 'promote':
      return `Promote ${candidate} of ${keyText(key)}`
    case 'abort':
      return `Abort ${candidate} of ${keyText(key)}: revision ${expect.revision} gets all requests`
  }
}

/** Why a run failed, where it did. */
function reasonOf({ outcome, last }: Extract<Operation, { kind: 'conclude' }>): string {
  return outcome === 'FAILED' && last?.failureClass ? ` (${last.failureClass})` : ''
}
