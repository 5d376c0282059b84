import { join } from 'node:path'
import { watch } from 'chokidar'
import { settingsFile } from '../settings.ts'

/** Editors write a file in several steps; a save counts once nothing has moved for this long, milliseconds. */
const quietMilliseconds = 150

/** Calls `saved` after each save under `specs/`, never twice at once; a save during a call is looked at after it. */
export function watchSpecs(root: string, saved: () => Promise<void>): { close(): Promise<void> } {
  const watcher = watch([join(root, 'specs'), join(root, settingsFile)], { ignoreInitial: true, followSymlinks: false })
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let again = false
  const run = (): void => {
    if (running) {
      again = true
      return
    }
    running = saved().finally(() => {
      running = undefined
      if (again) {
        again = false
        run()
      }
    })
  }
  watcher.on('all', () => {
    clearTimeout(timer)
    timer = setTimeout(run, quietMilliseconds)
  })
  return {
    close: async () => {
      clearTimeout(timer)
      await watcher.close()
      await running
    },
  }
}
