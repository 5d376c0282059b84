import type { Judge } from '../../compiler/compile-types.ts'
import type { SourceFile } from '../../domain/publication.ts'

const kindOfPolicy = Buffer.from('Policy')

/** What judges by policies; loaded only where a file can hold one, because most have none and it takes time. */
export async function judgeFor(files: readonly SourceFile[]): Promise<Judge | undefined> {
  if (!files.some(({ bytes }) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(kindOfPolicy)))
    return undefined
  const { judge } = await import('../../compiler/policy/judge.ts')
  return judge
}
