import { nearest } from '../../compiler/validate/nearest.ts'
import { faultCodes } from '../../domain/fault.ts'
import { problemCodes } from '../../domain/problem-codes.ts'
import { UsageError } from '../world.ts'
import { pageOf } from './pages.ts'
import { readErrorSections } from './write.ts'

/**
 * What the page of codes says about one.
 * @param written as a person writes it, in small letters too
 * @throws UsageError for a code that is none, with the nearest
 */
export async function explainCode(written: string, output: 'human' | 'json'): Promise<string> {
  const known = [...(Object.keys(problemCodes) as (keyof typeof problemCodes)[]), ...faultCodes]
  const code = known.find((one) => one === written.toUpperCase())
  if (code === undefined) {
    const near = nearest(written, known)
    throw new UsageError(`error: there is no code ${written}${near === undefined ? '' : `; did you mean ${near}?`}`)
  }
  const section = (await readErrorSections()).get(code)
  const severity = code in problemCodes ? problemCodes[code as keyof typeof problemCodes] : 'fault'
  const { text = '', remedy = '' } = section ?? {}
  if (output === 'json')
    return `${JSON.stringify({ format: 1, code, severity, text, remedy, page: pageOf(code) }, null, 2)}\n`
  return `${code}  (${meaningOf[severity]})\n\n${text}\n\nRemedy. ${remedy}\n\n${pageOf(code)}\n`
}

const meaningOf = {
  error: 'a problem of specs: nothing is published while there is one; exit code 1',
  warning: 'a warning about specs, which stops nothing',
  note: 'a note about specs, which stops nothing',
  fault: 'a fault of the world outside; exit code 3',
} as const
