import { startBed } from '../cluster.ts'

/*
 * A small bed for the tests of taking one down: prints what it is as one line of JSON and stays until it is killed.
 */

const { bed } = await startBed({ say: () => {}, parts: ['node', 'argocd'] })
process.stdout.write(`${JSON.stringify(bed)}\n`)
setInterval(() => {}, 60_000)
