const most = 1000

/**
 * A function of texts, most of which come again and again: what it gave for the first thousand is kept.
 * @param make gives the same for the same text, and never undefined
 */
export function remembered<Made>(make: (text: string) => Made): (text: string) => Made {
  const known = new Map<string, Made>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const made = make(text)
    if (known.size < most) known.set(text, made)
    return made
  }
}
