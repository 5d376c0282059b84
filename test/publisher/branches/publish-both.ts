import { writeFileSync } from 'node:fs'
import { openDeployBranches } from '../../../publisher/branches/open.ts'
import { deployOptions } from '../../support/deploy-options.ts'

/* A process that publishes one change of two branches: publish-both.ts <repository> <cache> <file for its process id> <path>=<text> … */

const [url = '', cache = '', pid = '', ...files] = process.argv.slice(2)
writeFileSync(pid, `${process.pid}`)
const deploy = await openDeployBranches(deployOptions(url, cache))
const change = new Map(files.map((one) => [one.slice(0, one.indexOf('=')), `${one.slice(one.indexOf('=') + 1)}\n`]))
await deploy.publish({
  source: null,
  change: () => ({ files: change, subject: 'Publish both', body: '', action: 'publication', subjects: [] }),
})
