/**
 * Places where what is stored is another value than what was sent, or has more within a list: Argo CD compares lists whole, mappings it merges, and what
 * is the same quantity in other words is another value in an object of a kind that it does not know.
 */
export function filledIn(sent: unknown, stored: unknown, at: string, inList = false): readonly string[] {
  if (Array.isArray(sent)) {
    const items = Array.isArray(stored) ? (stored as readonly unknown[]) : []
    return [
      ...(items.length === sent.length ? [] : [`${at} has ${items.length} items`]),
      ...sent.flatMap((one, index) => filledIn(one, items[index], `${at}/${index}`, true)),
    ]
  }
  if (typeof sent !== 'object' || sent === null)
    return sent === stored ? [] : [`${at} is ${JSON.stringify(stored)} and not ${JSON.stringify(sent)}`]
  const [ours, theirs] = [sent as Record<string, unknown>, (stored ?? {}) as Record<string, unknown>]
  const added = inList ? Object.keys(theirs).filter((key) => !(key in ours)) : []
  return [
    ...added.map((key) => `${at}/${key}`),
    ...Object.keys(ours).flatMap((key) => filledIn(ours[key], theirs[key], `${at}/${key}`, inList)),
  ]
}
