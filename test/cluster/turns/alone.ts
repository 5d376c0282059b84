/** Told by its name, so that whoever reads or moves a file sees it. */
export function needsBedAlone(path: string): boolean {
  return path.endsWith('.alone.cluster.test.ts')
}
