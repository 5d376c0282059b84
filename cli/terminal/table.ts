/** Columns as kubectl prints them: upper-case heads, two spaces between, the last column as wide as it is. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 2)))
      .join('')
      .trimEnd()
  return [line(heads), ...rows.map(line)].map((one) => `${one}\n`).join('')
}

/** How long ago, as kubectl writes ages: 45s, 12m, 3h, 5d. */
export function age(since: string | null | undefined, now: Date): string {
  if (!since) return '-'
  const seconds = Math.max(0, Math.floor((now.getTime() - new Date(since).getTime()) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
