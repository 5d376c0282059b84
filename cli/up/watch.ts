import { join, relative, sep } from 'node:path'
import { watch } from 'chokidar'
import { settingsFile } from '../house/settings.ts'

/** Editors write a file in several steps; a save counts once nothing has moved for this long, milliseconds. */
const quietMilliseconds = 150

/** After a failure (a full disk, a deploy repository that does not answer) the same save is tried again, milliseconds. */
const againMilliseconds = 5000

export interface SpecsWatch {
  /** Gets the paths that were saved or deleted, relative to the root, with slashes; never called twice at once. */
  saved(paths: readonly string[]): Promise<void>
  /** Hears why `saved` failed; it is called again with the same paths after a while, or with more at the next save. */
  failed(error: unknown): void
}

/** Watches `specs/`, `templates/` and the settings file until it is closed. */
export function watchSpecs(root: string, { saved, failed }: SpecsWatch): { close(): Promise<void> } {
  const watcher = watch([join(root, 'specs'), join(root, 'templates'), join(root, settingsFile)], {
    ignoreInitial: true,
    followSymlinks: false,
  })
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let closed = false
  const runIn = (milliseconds: number): void => {
    clearTimeout(timer)
    if (!closed) timer = setTimeout(run, milliseconds)
  }
  const run = (): void => {
    if (running || changed.size === 0) return
    const paths = [...changed].sort()
    changed.clear()
    let pause = quietMilliseconds
    running = saved(paths)
      .catch((error: unknown) => {
        failed(error)
        for (const path of paths) changed.add(path)
        pause = againMilliseconds
      })
      .finally(() => {
        running = undefined
        runIn(pause)
      })
  }
  watcher.on('all', (event, path) => {
    if (event === 'addDir' || event === 'unlinkDir') return
    changed.add(relative(root, path).split(sep).join('/'))
    runIn(quietMilliseconds)
  })
  return {
    close: async () => {
      closed = true
      clearTimeout(timer)
      await watcher.close()
      await running
    },
  }
}
