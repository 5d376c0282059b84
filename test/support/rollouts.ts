import { compile } from '../../compiler/compile.ts'
import type { CompileResult } from '../../compiler/compile-types.ts'
import { type Operated, operate } from '../../compiler/operate/operate.ts'
import type { EndpointLedger } from '../../domain/ledger.ts'
import { readEndpointLedger } from '../../domain/ledger-files.ts'
import type { Operation, RolloutStep } from '../../domain/operation.ts'
import type { Deployed } from '../../domain/publication.ts'
import { rolloutState } from '../../domain/rollout.ts'
import { address, deployedAfter, endpoint, nothing, source, sourcesOf } from './compiler.ts'

export const key = { environment: 'dev', project: 'language', name: 'letters' }
export const canary = '  rollout: { strategy: canary, trafficSplit: { old: 80, new: 20 } }\n'
export const valuesPath = 'environments/dev/language/endpoints/letters/values.yaml'
export const applicationPath = 'applications/dev/language/endpoints/letters.yaml'

export const chartOf = (version: string) => ({
  version,
  files: new Map([['Chart.yaml', `name: serving-endpoint\nversion: ${version}\n`]]),
})
export const newest = '0.2.0'

/** The endpoint's spec with an image of this tag. */
export function spec(tag: number | string = 1, more = canary): string {
  return endpoint(more)
    .replace('example/trainer:1', `example/trainer:${tag}`)
    .replace(/dev: {}, prod: .* }$/m, 'dev: {} }')
}

export function compiled(deployed: Deployed, text: string, version = newest): CompileResult {
  return compile({ sources: sourcesOf([text]), source, deployed, chart: chartOf(version), deploy: address })
}

export function published(deployed: Deployed, text: string, version = newest): Deployed {
  return deployedAfter(deployed, compiled(deployed, text, version).change)
}

export function operated(deployed: Deployed, operation: Operation, version = newest): Operated & { after: Deployed } {
  const done = operate(deployed, [operation], chartOf(version), address)
  return { ...done, after: deployedAfter(deployed, done.change) }
}

/** What is deployed after a step; fails where the step is dropped. */
export function step(deployed: Deployed, what: RolloutStep | 'rollback' | 'confirm', weight?: number): Deployed {
  const { after, results } = operated(deployed, operationOf(deployed, what, weight))
  const [result] = results
  if (!result?.applied) throw new Error(`${what} was dropped: ${result?.why ?? 'nothing came of it'}`)
  return after
}

/** Why a step is not done; undefined where it is. */
export function dropped(deployed: Deployed, what: RolloutStep | 'rollback' | 'confirm', weight?: number) {
  const [result] = operated(deployed, operationOf(deployed, what, weight)).results
  return result && !result.applied ? result.why : undefined
}

export function operationOf(
  deployed: Deployed,
  what: RolloutStep | 'rollback' | 'confirm',
  weight?: number,
): Operation {
  const entry = entryOf(deployed)
  const expect = rolloutState(entry)
  if (what === 'rollback') return { kind: 'rollback', key, expect }
  if (what === 'confirm') return { kind: 'confirm', key, revision: entry.revision }
  return { kind: 'rollout', key, step: what, weight: weight ?? null, expect }
}

export function entryOf(deployed: Deployed): EndpointLedger {
  const entry = readEndpointLedger(deployed.files, key)
  if (!entry) throw new Error('the ledger has no entry')
  return entry
}

/** Registers the model version whose digest is of this one digit. */
export function registered(deployed: Deployed, digit: string, version = newest): Deployed {
  const registration: Operation = {
    kind: 'register',
    project: 'language',
    model: 'letters',
    version: {
      digest: `sha256:${digit.repeat(64)}`,
      uri: `file:///storage/models/letters/${digit}/model.bin`,
      sizeBytes: 10,
      stage: 'experimental',
      run: { id: 'e01a23c8-e10b-5fee-9d60-c5f0599d56f5', attempt: 1, environment: 'dev' },
      framework: null,
      hyperparameters: {},
      metrics: {},
    },
  }
  return operated(deployed, registration, version).after
}

/** An endpoint whose first release serves version 1 of its model and has worked. */
export function serving(text = spec()): Deployed {
  return step(registered(published(nothing, text), 'a'), 'confirm')
}

/** Tags of the images that serve and stand beside, with the share of the latter: `1`, `1+2@20`. */
export function shape(deployed: Deployed): string {
  const { plan, pin, rollout, hold, wanted } = entryOf(deployed)
  const tag = (image: string, version: number | undefined): string => `${image.split(':')[1] ?? ''}/${version ?? '-'}`
  return [
    tag(plan.image, pin?.version),
    ...(rollout
      ? [
          `+${tag(rollout.candidate.plan.image, rollout.candidate.pin.version)}@${rollout.weight}`,
          ...(rollout.paused ? [' paused'] : []),
          ...(rollout.promoted ? [' promoted'] : []),
        ]
      : []),
    ...(hold ? [` ${hold.why}`] : []),
    ...(wanted ? [` wants ${tag(wanted.plan.image, wanted.pin.version)}`] : []),
  ].join('')
}
