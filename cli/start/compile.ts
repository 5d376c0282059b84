import { addCompile } from '../groups/specs.ts'
import { startQuickly } from './quickly.ts'

startQuickly(addCompile, async (world, { directory = world.directory, cache, to }) => {
  const { runCompile } = await import('../commands/compile.ts')
  return runCompile(world, directory, { cache, ...(to === undefined ? {} : { to }) })
})
