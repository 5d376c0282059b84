import { randomUUID } from 'node:crypto'
import { openDeployRepository } from '../../../publisher/deploy.ts'
import { deployOptions } from '../../support/deploy-options.ts'

/*
 * Writers, each of which publishes `count` commits one after the other: each a new file, and a line more in a file that all writers share. Says
 * `ready`, and of each that arrived its commit, its line and how many milliseconds it took.
 */
const [url = '', cacheFolder = '', names = '', count = '0'] = process.argv.slice(2)
const shared = 'environments/dev/shared/lines.txt'
const deploy = await openDeployRepository(deployOptions(url, cacheFolder))
process.stdout.write('ready\n')
await Promise.all(names.split(',').map(write))

async function write(name: string): Promise<void> {
  for (let index = 0; index < Number(count); index += 1) {
    const line = `${name} ${index} ${randomUUID()}`
    const began = performance.now()
    const publication = await deploy.publish({
      source: { format: 1, repository: null, commit: 'c'.repeat(40), dirty: false },
      change: ({ files }) => ({
        files: new Map([
          [`environments/dev/${name}/${index}-${line.slice(-36)}.yaml`, `${line}\n`],
          [shared, `${files.get(shared) ?? ''}${line}\n`],
        ]),
        subject: 'Publish specs',
        body: '',
        action: 'publication',
        subjects: [`dev/${name}/${index}`],
        specs: [`specs/${name}/${index}.yaml`],
      }),
    })
    process.stdout.write(`${publication?.commit ?? 'nothing'} ${Math.round(performance.now() - began)} ${line}\n`)
  }
}
