/** Places in lists where what is stored has more than what was sent. Argo CD compares such lists whole; mappings it merges. */
export function filledIn(sent: unknown, stored: unknown, at: string, inList = false): readonly string[] {
  if (Array.isArray(sent)) {
    const items = Array.isArray(stored) ? (stored as readonly unknown[]) : []
    return [
      ...(items.length === sent.length ? [] : [`${at} has ${items.length} items`]),
      ...sent.flatMap((one, index) => filledIn(one, items[index], `${at}/${index}`, true)),
    ]
  }
  if (typeof sent !== 'object' || sent === null) return []
  const [ours, theirs] = [sent as Record<string, unknown>, (stored ?? {}) as Record<string, unknown>]
  const added = inList ? Object.keys(theirs).filter((key) => !(key in ours)) : []
  return [
    ...added.map((key) => `${at}/${key}`),
    ...Object.keys(ours).flatMap((key) => filledIn(ours[key], theirs[key], `${at}/${key}`, inList)),
  ]
}
