import fc from 'fast-check'
import { loadAll } from 'js-yaml'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { compile } from '../../compiler/compile.ts'
import { renderJob } from '../../compiler/render/job.ts'
import { renderValues } from '../../compiler/render/values.ts'
import { bytes, millicores } from '../../compiler/resolve/quantity.ts'
import type { EndpointPlan, TrainingPlan } from '../../domain/plan.ts'
import {
  address,
  chart,
  compileTexts,
  endpoint,
  nothing,
  perform,
  publishTexts,
  source,
  training,
} from '../support/compiler.ts'
import { hostileText } from '../support/hostile-text.ts'

const plan = compileTexts([training()]).impact.starts[0] as TrainingPlan
const deployed = publishTexts([training(), endpoint()])
const endpointPlan = (
  JSON.parse(deployed.files.get('.specyard/ledger/endpoints/dev/language/letters.json') ?? '') as { plan: EndpointPlan }
).plan

const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8')

interface ParsedJob {
  readonly metadata: { readonly labels: object; readonly annotations: Record<string, string> }
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          name: string
          image: string
          command?: string[]
          env: { name: string; value?: string }[]
        }[]
      }
    }
  }
}

describe('rendered manifests', () => {
  it('parse, in two parsers, to the values of the plan whatever strings it holds', () => {
    fc.assert(
      fc.property(
        hostileText,
        fc.array(hostileText, { minLength: 1, maxLength: 4 }),
        hostileText,
        hostileText,
        (image, command, value, path) => {
          const text = renderJob(
            { ...plan, image, command, variables: [{ name: 'ANY', value }], source: { ...plan.source, path } },
            { attempt: 1, checkpointUri: value },
          )
          const read = [loadAll(text), parseAllDocuments(text).map((document) => document.toJS() as unknown)]
          for (const documents of read) {
            expect(documents).toHaveLength(1)
            const job = documents[0] as ParsedJob
            const [container] = job.spec.template.spec.containers
            expect(Object.keys(job).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
            expect(container?.image).toBe(wellFormed(image))
            expect(container?.command).toEqual(command.map(wellFormed))
            expect(container?.env.find((one) => one.name === 'ANY')?.value).toBe(wellFormed(value))
            expect(container?.env.find((one) => one.name === 'CHECKPOINT_URI')?.value).toBe(wellFormed(value))
            expect(job.metadata.annotations['specyard.dev/spec']).toBe(wellFormed(path))
          }
        },
      ),
      { numRuns: 300 },
    )
  }, 60_000)

  it('of values hold any text as that text', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (uri, route) => {
        const text = renderValues(
          {
            plan: { ...endpointPlan, route },
            pin: { model: 'letters', version: 1, digest: 'sha256:0', uri },
            revision: 1,
          },
          null,
        )
        const values = loadAll(text)[0] as { route: string; model: { uri: string } }
        expect(values.route).toBe(wellFormed(route))
        expect(values.model.uri).toBe(wellFormed(uri))
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  it('hold no hook, no time to live, no commit and no clock', () => {
    const text = renderJob(plan, { attempt: 1, checkpointUri: null })
    expect(text).not.toMatch(/argocd\.argoproj\.io|ttlSecondsAfterFinished|Replace=true|Force=true/)
    expect(text).not.toContain(source.commit)
  })

  it('of several nodes are an Indexed Job with its headless Service', () => {
    const [service, job] = loadAll(renderJob({ ...plan, nodes: 4 }, { attempt: 2, checkpointUri: null })) as {
      kind: string
      spec: { clusterIP?: string; completionMode?: string; completions?: number }
    }[]
    expect(service).toMatchObject({ kind: 'Service', spec: { clusterIP: 'None' } })
    expect(job).toMatchObject({
      kind: 'Job',
      spec: { completionMode: 'Indexed', completions: 4, parallelism: 4, backoffLimit: 0 },
    })
  })

  it('leave nodes and tolerations to a queue', () => {
    const queued = { ...plan, queue: 'gpu', resources: { ...plan.resources, nodeSelector: { a: 'b' } } }
    const text = renderJob(queued, { attempt: 1, checkpointUri: null })
    expect(text).toContain('kueue.x-k8s.io/queue-name: "gpu"')
    expect(text).not.toContain('nodeSelector')
  })
})

describe('compiling', () => {
  it('gives the same bytes whatever the order of the files', () => {
    const files = [training(), endpoint(), training('others')]
    const sources = (texts: readonly string[]) =>
      texts.map((text, index) => ({ path: `specs/${index}.yaml`, bytes: new TextEncoder().encode(text) }))
    const base = compileTexts([]).environments.length
    expect(base).toBe(2)
    const whole = sources(files)
    const one = compile({ sources: whole, source, deployed: nothing, chart, deploy: address })
    const other = compile({ sources: [...whole].reverse(), source, deployed: nothing, chart, deploy: address })
    expect([...other.change]).toEqual([...one.change])
    expect(other.problems).toEqual(one.problems)
  })

  it('never throws, whatever is done to a spec', () => {
    const text = training()
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(12), hostileText, (at, gone, added) => {
        const result = compileTexts([text.slice(0, at) + added + text.slice(at + gone)])
        expect(Array.isArray(result.problems)).toBe(true)
      }),
      { numRuns: 400 },
    )
  }, 60_000)

  it('after any series of operations finds nothing to change', () => {
    const run = plan.id
    const key = { environment: 'dev', project: 'language', name: 'letters' }
    const retried = perform(deployed, {
      kind: 'retry',
      key,
      runId: run,
      expectAttempt: 1,
      attempt: 2,
      failureClass: 'OOM',
      checkpointUri: null,
    })
    expect(compileTexts([training(), endpoint()], retried.deployed).change.size).toBe(0)
  })
})

describe('quantities', () => {
  it.each([
    ['2', 2000],
    ['0.5', 500],
    ['1.25', 1250],
    ['500m', 500],
  ])('%s cores are %d thousandths', (text, expected) => expect(millicores(text)).toBe(expected))

  it.each([
    ['8Gi', 8 * 2 ** 30],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['8G', 8e9],
    ['1024', 1024],
    ['0.1k', 100],
  ])('%s are %d bytes', (text, expected) => expect(bytes(text)).toBe(expected))
})
