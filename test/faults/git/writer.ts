import { randomUUID } from 'node:crypto'
import { openDeployRepository } from '../../../publisher/deploy.ts'
import { deployOptions } from '../../support/deploy-options.ts'

/*
 * Writers, each of which publishes `count` commits one after the other: each a new file, and a number that counts all commits of all writers. Says
 * `ready`, and of each that arrived its commit, how many milliseconds it took, and the text of its file.
 */
const [url = '', cacheFolder = '', names = '', count = '0'] = process.argv.slice(2)
const shared = 'environments/dev/shared/count.txt'
const deploy = await openDeployRepository(deployOptions(url, cacheFolder))
process.stdout.write('ready\n')
await Promise.all(names.split(',').map(write))

async function write(name: string): Promise<void> {
  for (let index = 0; index < Number(count); index += 1) {
    const id = randomUUID()
    let text = ''
    const began = performance.now()
    const publication = await deploy.publish({
      source: { format: 1, repository: null, commit: 'c'.repeat(40), dirty: false },
      change: ({ files }) => {
        const number = Number(files.get(shared) ?? '0') + 1
        text = `${number} ${name} ${id}`
        return {
          files: new Map([
            [`environments/dev/${name}/${Math.floor(index / 25)}/${index}-${id}.yaml`, `${text}\n`],
            [shared, `${number}\n`],
          ]),
          subject: 'Publish specs',
          body: '',
          action: 'publication',
          subjects: [`dev/${name}/${index}`],
          specs: [`specs/${name}/${index}.yaml`],
        }
      },
    })
    process.stdout.write(`${publication?.commit ?? 'nothing'} ${Math.round(performance.now() - began)} ${text}\n`)
  }
}
