import type { TrackedArtifact } from '../../../domain/tracker.ts'
import type { SeenTrackerRun, TrackedArtifacts } from '../tracker.ts'
import { field, list, listedFile, text } from './answers.ts'
import type { MlflowApi } from './http.ts'
import { type ReadingLimits, untilOver } from './limits.ts'

/** Lists the files that a run left in the tracker's store, folder by folder. None is fetched: an artifact's address is somebody else's text. */
export async function readArtifacts(
  api: MlflowApi,
  run: SeenTrackerRun,
  limits: ReadingLimits,
  signal: AbortSignal,
): Promise<TrackedArtifacts> {
  const artifacts: TrackedArtifact[] = []
  const incomplete = new Set<string>()
  const folders: string[] = ['']
  const seen = new Set(folders)
  const over = untilOver(limits)
  for (let read = 0; folders.length > 0; read += 1) {
    if (read >= limits.folders || over() || artifacts.length >= limits.artifacts) {
      const why = over() ? 'the time for listing them ran out' : 'there are too many'
      incomplete.add(`artifacts: ${folders.length} folders are not listed: ${why}`)
      break
    }
    const folder = folders.shift() ?? ''
    const listed = await readFolder(api, run.id, folder, limits, over, signal)
    if (!listed.whole) incomplete.add(`artifacts: ${folder || 'the top folder'} has more files than are listed`)
    for (const { path, isFolder, sizeBytes } of listed.files) {
      if (!isFolder) artifacts.push({ path, sizeBytes })
      else if (path.split('/').length > limits.folderDepth)
        incomplete.add(`artifacts: folders deeper than ${limits.folderDepth} are not listed`)
      // A store that names a folder inside itself would never end.
      else if (!seen.has(path)) folders.push((seen.add(path), path))
    }
  }
  if (artifacts.length > limits.artifacts)
    incomplete.add(`artifacts: ${artifacts.length - limits.artifacts} are left out`)
  return { artifacts: artifacts.slice(0, limits.artifacts), incomplete: [...incomplete] }
}

async function readFolder(
  api: MlflowApi,
  runId: string,
  folder: string,
  limits: ReadingLimits,
  over: () => boolean,
  signal: AbortSignal,
): Promise<{ files: readonly NonNullable<ReturnType<typeof listedFile>>[]; whole: boolean }> {
  const files: NonNullable<ReturnType<typeof listedFile>>[] = []
  let page: string | null = null
  for (let number = 0; number < limits.pagesOfFolder; number += 1) {
    if (number > 0 && over()) break
    const query = { run_id: runId, ...(folder === '' ? {} : { path: folder }) }
    const answer = await api.get('artifacts/list', page === null ? query : { ...query, page_token: page }, signal)
    files.push(...list(field(answer, 'files')).flatMap((one) => listedFile(one) ?? []))
    page = text(field(answer, 'next_page_token'))
    if (page === null) return { files: files.slice(0, limits.artifacts), whole: files.length <= limits.artifacts }
  }
  return { files: files.slice(0, limits.artifacts), whole: false }
}
