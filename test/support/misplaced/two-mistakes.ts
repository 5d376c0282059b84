import type { Name } from './corpus.ts'
import { meaningMutations } from './meaning-mutations.ts'
import type { Expected, Mutation } from './mutation.ts'
import { type Pair, scalar, withNode, withPairs } from './tree.ts'

/** What cannot be meant, in a document that does not fit its schema either: both must be told at once. */
export function twoMistakes(): readonly Mutation[] {
  return meaningMutations().flatMap((mutation) => {
    const [name, ...others] = Object.keys(mutation.documents) as Name[]
    const root = name === undefined ? undefined : mutation.documents[name]
    if (!root || others.length > 0 || (name !== 'training' && name !== 'endpoint')) return []
    const unknown: Pair = { key: 'zzzzzz', value: scalar('1') }
    const misspelt = scalar('nonsense')
    const field = name === 'training' ? ['spec', 'task', 'type'] : ['spec', 'auth', 'type']
    const twice = withPairs(
      withNode(root, field, () => misspelt),
      ['spec'],
      (pairs) => [unknown, ...pairs],
    )
    const more: readonly Expected[] = [
      { code: 'KEY_UNKNOWN', name, at: unknown },
      { code: 'VALUE_NOT_ALLOWED', name, at: misspelt },
    ]
    return [
      {
        sentence: `${mutation.sentence}, beside what does not fit`,
        documents: { [name]: twice },
        expected: [...mutation.expected, ...more],
      },
    ]
  })
}
