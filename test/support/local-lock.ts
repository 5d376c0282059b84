// A process that takes the lock of a folder and holds it until it is killed: test/local/lock.slow.test.ts starts it.
import { isFault } from '../../domain/fault.ts'
import { acquireLock } from '../../local/lock.ts'

try {
  await acquireLock(process.argv[2] ?? '.', { command: 'a contender' })
  process.stdout.write('held\n')
  setInterval(() => undefined, 1000)
} catch (error) {
  process.stdout.write(`${isFault(error) ? error.code : String(error)}\n`)
}
