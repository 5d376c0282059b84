import { addCheck } from '../groups/specs.ts'
import { startQuickly } from './quickly.ts'

startQuickly(addCheck, async (world, { directory = world.directory, cache }) => {
  const { runCheck } = await import('../commands/check.ts')
  return runCheck(world, directory, [], { output: 'human', cache })
})
