import { randomUUID } from 'node:crypto'
import { openDeployRepository } from '../../publisher/deploy.ts'
import { deployOptions } from '../support/publisher.ts'

// Publishes `count` commits, each a new file and a line more in a file that all writers share; says each commit when it has arrived.
const [url = '', cacheFolder = '', name = '', count = '0'] = process.argv.slice(2)
const deploy = await openDeployRepository(deployOptions(url, cacheFolder))
const shared = 'environments/dev/shared/lines.txt'
process.stdout.write('ready\n')
for (let index = 0; index < Number(count); index += 1) {
  const line = `${name} ${index} ${randomUUID()}`
  const publication = await deploy.publish({
    source: null,
    change: ({ files }) => ({
      files: new Map([
        [`environments/dev/${name}/${index}-${randomUUID()}.yaml`, `${line}\n`],
        [shared, `${files.get(shared) ?? ''}${line}\n`],
      ]),
      subject: 'Publish specs',
      body: '',
      action: 'publication',
      subjects: [],
    }),
  })
  process.stdout.write(`${publication?.commit ?? 'nothing'}\n`)
}
