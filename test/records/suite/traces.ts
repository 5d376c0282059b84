import { beforeEach, describe, expect, it } from 'vitest'
import type { Endpoint } from '../../../domain/endpoint.ts'
import type { Publication } from '../../../domain/publication.ts'
import type { Run } from '../../../domain/run.ts'
import type { TraceHit } from '../../../records/records.ts'
import {
  addRun,
  heartbeat,
  sampleAttempt,
  sampleDate,
  sampleEndpoint,
  samplePublication,
  sampleVersion,
  type TestRecords,
} from '../../support/records.ts'

export function describeTraces(context: () => TestRecords): void {
  describe('a trace', () => {
    const sourceCommit = '0123456789abcdef0123456789abcdef01234567'
    const mergeCommit = 'abcdef0123456789abcdef0123456789abcdef01'
    const appliedRevision = 'fedcba9876543210fedcba9876543210fedcba98'
    let run: Run
    let endpoint: Endpoint
    let publication: Publication
    beforeEach(async () => {
      const { records } = context()
      run = await addRun(context(), {
        ...{ name: 'cats', project: 'vision', specPath: 'specs/cats.yaml', specLine: 7, sourceCommit },
        attempts: [sampleAttempt({ jobName: 'cats-1a2b3c4d-1', jobUid: 'job-uid', evidence, appliedRevision, pods })],
      })
      await addRun(context(), { project: 'vision', name: 'dogs', specPath: 'specs/dogs.yaml' })
      await records.callbacks.store([heartbeat(run.id, { podUid: 'speaking-pod' })])
      await records.models.absorb('vision', 'cat-model', null, [sampleVersion(), sampleVersion({ version: 2 })])
      endpoint = sampleEndpoint({ project: 'vision', name: 'cats-api', model: 'cat-model', specPath: 'specs/api.yaml' })
      await records.endpoints.put(endpoint, null)
      const by = { commit: mergeCommit, who: 'Ada <ada@example.com>', source: 'author' } as const
      const merge = { branch: 'main', proposedAt: sampleDate, by }
      publication = samplePublication({ subjects: ['dev/vision/cats'], sourceCommit, merge })
      await records.publications.absorb([publication, samplePublication()])
    })

    const theRun = () => ({ kind: 'run', id: run.id }) as const
    const thePublication = () => ({ kind: 'publication', id: publication.commit }) as const
    const theEndpoint = { kind: 'endpoint', id: 'dev/vision/cats-api' } as const
    const version = (number: number) => ({ kind: 'model-version', id: `vision/cat-model@${number}` }) as const
    const digest = sampleVersion().digest

    const cases: readonly [string, () => string, () => readonly TraceHit[]][] = [
      ['a run id', () => run.id, () => [theRun()]],
      ['a run id in capitals with white space', () => ` ${run.id.toUpperCase()}\n`, () => [theRun()]],
      ['a trace id', () => run.traceId, () => [theRun()]],
      ['a run name', () => 'cats', () => [theRun()]],
      ['environment/project/name', () => 'dev/vision/cats', () => [theRun(), thePublication()]],
      ['a Job name', () => 'cats-1a2b3c4d-1', () => [theRun()]],
      ['a Job UID', () => 'job-uid', () => [theRun()]],
      ['the UID of a pod that has ended', () => 'ended-pod', () => [theRun()]],
      ['the UID of a pod that sends heartbeats', () => 'speaking-pod', () => [theRun()]],
      ['the name of a pod that has ended', () => 'odd-pod-name', () => [theRun()]],
      ['the name of a pod that runs', () => 'cats-1a2b3c4d-1-x7k2p', () => [theRun()]],
      ['the name of a pod of an Indexed Job', () => 'cats-1a2b3c4d-1-0-x7k2p', () => [theRun()]],
      ['the name of a pod that was seen', () => 'seen-pod', () => [theRun()]],
      ['the UID of a pod that was seen', () => 'seen-pod-uid', () => [theRun()]],
      ['the node of a pod', () => 'gpu-node-7', () => [theRun()]],
      ['the digest of an image', () => imageDigest, () => [theRun()]],
      ['an image with its digest', () => `ghcr.io/example/trainer@${imageDigest}`, () => [theRun()]],
      ['the digest of an image that ran nowhere', () => `sha256:${'f'.repeat(64)}`, () => []],
      ['the commit that was synced', () => appliedRevision, () => [theRun()]],
      ['7 digits of the commit that was synced', () => appliedRevision.slice(0, 7), () => [theRun()]],
      ['a spec path', () => 'specs/cats.yaml', () => [theRun()]],
      ['a spec path with its line', () => 'specs/cats.yaml:7', () => [theRun()]],
      ['a spec path with another line', () => 'specs/cats.yaml:8', () => []],
      ['a spec path with line and column', () => 'specs/cats.yaml:7:3', () => [theRun()]],
      ['the spec path of an endpoint', () => 'specs/api.yaml', () => [theEndpoint]],
      ['a commit of the spec repository', () => sourceCommit, () => [theRun(), thePublication()]],
      ['7 digits of that commit', () => '0123456', () => [theRun(), thePublication()]],
      ['6 digits of that commit', () => '012345', () => []],
      ['a commit of the deploy repository', () => publication.commit, () => [thePublication()]],
      ['7 digits of that one', () => publication.commit.slice(0, 7), () => [thePublication()]],
      ['7 digits of the commit that merged it', () => mergeCommit.slice(0, 7), () => [thePublication()]],
      ['the request id of a commit', () => publication.requestId, () => [thePublication()]],
      ['a digest', () => run.digest, () => [theRun()]],
      ['the 8 digits of a digest that names carry', () => run.digest.slice(0, 8), () => [theRun()]],
      ['a model digest', () => digest, () => [version(1), theEndpoint]],
      ['a model digest without its algorithm', () => digest.slice(7), () => [version(1), theEndpoint]],
      ['8 digits of a model digest', () => digest.slice(7, 15), () => [version(1), theEndpoint]],
      ['model@version', () => 'cat-model@2', () => [version(2)]],
      ['project/model@version', () => 'vision/cat-model@2', () => [version(2)]],
      ['another project/model@version', () => 'language/cat-model@2', () => []],
      ['an endpoint name', () => 'cats-api', () => [theEndpoint]],
      ['environment/project/name of an endpoint', () => 'dev/vision/cats-api', () => [theEndpoint]],
      ['an endpoint id', () => endpoint.id, () => [theEndpoint]],
      ['nothing', () => ' ', () => []],
      ['a pattern', () => '%', () => []],
      ['an attempt at injection', () => `' or 1=1 --`, () => []],
      ['what no database can hold', () => 'a\u0000b', () => []],
      ['a number beyond all versions', () => 'cat-model@99999999999999', () => []],
    ]
    it.each(cases)('finds by %s', async (_, text, hits) => {
      expect(await context().records.traces.find(text())).toEqual(hits())
    })
  })
}

const imageDigest = `sha256:${'e'.repeat(64)}`
const pods = [{ name: 'seen-pod', uid: 'seen-pod-uid', index: null, node: 'gpu-node-7', imageDigest }]
const evidence = {
  ...{ exitCode: 0, signal: null, reason: null, message: null, node: null, imageDigest: null, podName: 'odd-pod-name' },
  ...{
    podUid: 'ended-pod',
    podConditions: [],
    jobConditions: [],
    events: [],
    logTail: [],
    lastStep: 1,
    unobtainable: [],
  },
}
