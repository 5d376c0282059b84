/** What a server would refuse about an object. */
export interface Finding {
  /** JSON pointer (RFC 6901) into the object. */
  readonly pointer: string
  /** Without the pointer, as the end of a sentence that begins with it. */
  readonly message: string
  readonly hint?: string
  /** The key at the pointer is meant, not its value. */
  readonly key?: true
}

/** A JSON object whose shape nobody has looked at. */
export type Loose = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects of a list, with their pointers; nothing of what is no list. */
export function each(value: unknown, pointer: string): readonly (readonly [Loose, string])[] {
  if (!Array.isArray(value)) return []
  const found: (readonly [Loose, string])[] = []
  for (let index = 0; index < value.length; index += 1) {
    const one = value[index] as unknown
    if (isObject(one)) found.push([one, `${pointer}/${index}`])
  }
  return found
}

/** A value as messages quote it. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) return 'nothing'
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`
}
