import { openRemote } from '../../publisher/git/remote.ts'
import { bareEnvironment } from '../support/deploy-options.ts'

// Opens a clone that others open at the same time, brings the head of the branch into it, and says which commit that is.
const [url = '', cacheFolder = ''] = process.argv.slice(2)
const remote = await openRemote({ url, branch: 'main', cacheFolder, environment: bareEnvironment })
process.stdout.write(`${await remote.bringHead()}\n`)
