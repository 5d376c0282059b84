import { beforeEach, describe, expect, it } from 'vitest'
import type { ApiObject } from '../../../reconciler/sources/kubernetes/projection/api-object.ts'
import { createMemory, type Memory } from '../../../reconciler/sources/kubernetes/watch/memory.ts'

interface Kept {
  readonly name: string
  readonly phase: string
}

const object = (uid: string, version: number, phase: string): ApiObject =>
  ({ metadata: { uid, name: uid, resourceVersion: String(version) }, phase }) as ApiObject
const project = (one: ApiObject): Kept | undefined => {
  const { phase } = one as unknown as { phase: string }
  return phase === 'not ours' ? undefined : { name: one.metadata?.name ?? '', phase }
}

describe('what is kept of a collection', () => {
  let memory: Memory<Kept>
  let changed: string[]
  beforeEach(() => {
    changed = []
    memory = createMemory(project, ({ name, phase }) => changed.push(`${name} ${phase}`))
    const first = memory.replace()
    first.page([object('a', 1, 'Pending'), object('b', 2, 'Running')], true)
    first.finish()
    changed = []
  })
  const names = () => memory.values().map(({ name, phase }) => `${name} ${phase}`)

  it('tells what a change was before and is now', () => {
    memory.put(object('a', 3, 'Running'))
    expect(changed).toEqual(['a Pending', 'a Running'])
  })

  it('tells nothing, and keeps the very same value, when only what is not read has changed', () => {
    const before = memory.values()
    memory.put(object('a', 3, 'Pending'))
    expect(changed).toEqual([])
    expect(memory.values()).toBe(before)
  })

  it('has an object once however often it is told', () => {
    memory.put(object('a', 1, 'Pending'))
    memory.put(object('c', 4, 'Pending'))
    memory.put(object('c', 4, 'Pending'))
    expect(names()).toEqual(['a Pending', 'b Running', 'c Pending'])
  })

  it('keeps an object that was made again under the same name apart from the one before', () => {
    memory.put({ metadata: { uid: 'a-again', name: 'a', resourceVersion: '9' }, phase: 'Pending' } as ApiObject)
    memory.remove(object('a', 10, 'Pending'))
    expect(memory.values().filter(({ name }) => name === 'a')).toHaveLength(1)
  })

  it('forgets what a full list does not have, and tells it', () => {
    const fresh = memory.replace()
    fresh.page([object('b', 2, 'Running'), object('c', 5, 'Pending')], true)
    fresh.finish()
    expect(names()).toEqual(['b Running', 'c Pending'])
    expect(changed).toEqual(['c Pending', 'a Pending'])
  })

  it('begins anew when a list does, and changes nothing before the list is whole', () => {
    const fresh = memory.replace()
    fresh.page([object('x', 7, 'Pending')], true)
    fresh.page([object('b', 2, 'Running')], true)
    expect(names()).toEqual(['a Pending', 'b Running'])
    fresh.finish()
    expect(names()).toEqual(['b Running'])
  })

  it('drops an object that is none of ours any more, and objects without a UID', () => {
    memory.put(object('a', 8, 'not ours'))
    memory.put({ metadata: { name: 'nobody' } })
    memory.remove({ metadata: {} })
    expect(names()).toEqual(['b Running'])
  })
})
