import { describe, expect, it } from 'vitest'
import { compile } from '../../../compiler/compile.ts'
import type { CompileInput } from '../../../compiler/compile-types.ts'
import { applied } from '../../../compiler/impact/applied.ts'
import { findDrift } from '../../../compiler/impact/drift.ts'
import { readRunLedger } from '../../../domain/ledger-files.ts'
import type { Deployed } from '../../../domain/publication.ts'
import { nothing, firstVersion, perform } from '../../support/compiler.ts'
import { gpuEndpoint, gpuEnvironments, gpuTraining, inputOf } from '../../support/impact.ts'

const texts = [gpuTraining('letters'), gpuEndpoint('served')]
const job = 'environments/prod/language/jobs/letters-9ba8b051-1.yaml'
const values = 'environments/prod/language/endpoints/served/values.yaml'

function published(): Deployed {
  const first = applied(nothing, compile({ ...inputOf(texts), deployed: nothing }).change)
  return perform(first, firstVersion).deployed
}

function drifted(deployed: Deployed, path: string, text: string | null): Deployed {
  const files = new Map(deployed.files)
  if (text === null) files.delete(path)
  else files.set(path, text)
  return { ...deployed, files, drifted: [{ path, commit: 'd'.repeat(40), author: 'Ada <ada@example.com>' }] }
}

/** The same specs, with another text of the Environments. */
function withEnvironments(change: (text: string) => string): Omit<CompileInput, 'deployed'> {
  const input = inputOf(texts)
  const [, ...rest] = input.sources
  const bytes = new TextEncoder().encode(change(gpuEnvironments))
  return { ...input, sources: [{ path: 'specs/0.yaml', bytes }, ...rest] }
}

const told = (input: CompileInput) => findDrift(input).items.map(({ kind, path, subject }) => [kind, path, subject])

describe('drift', () => {
  it('is none where everything is as this version makes it', () => {
    expect(findDrift({ ...inputOf(texts), deployed: published() })).toMatchObject({
      items: [],
      unpublished: 0,
      problems: [{ severity: 'note' }].slice(1),
    })
  })

  it('names the file, commit and author of an edit by hand, and what was changed back', () => {
    const deployed = published()
    const edited = drifted(deployed, values, (deployed.files.get(values) ?? '').replace('port: 8080', 'port: 9090'))
    const { items } = findDrift({ ...inputOf(texts), deployed: edited })
    expect(items).toMatchObject([
      { kind: 'edited', path: values, subject: 'prod/language/served', edit: { commit: 'd'.repeat(40) } },
    ])
    expect(items[0]?.difference?.hunks.join('\n')).toContain('-port: 9090\n+port: 8080')
  })

  it.each([
    [
      'a manifest that was put there',
      'environments/prod/language/jobs/mine.yaml',
      'a: 1\n',
      true,
      'added',
      /take/,
      '-a: 1',
    ],
    ['a manifest that is gone', job, null, false, 'deleted', /^restore/, '+kind: Job'],
    ['values that were changed', values, 'a: 1\n', false, 'edited', /make the change in the specs/, '-a: 1'],
  ] as const)('says what was done to %s, and what to do', (_what, path, text, added, what, remedy, line) => {
    const { drifted: files, ...deployed } = drifted(published(), path, text)
    const marked = files.map((one) => (added ? { ...one, added } : one))
    const [item, ...more] = findDrift({ ...inputOf(texts), deployed: { ...deployed, drifted: marked } }).items
    expect([item?.edit?.what, more]).toEqual([what, []])
    expect(item?.remedy).toMatch(remedy)
    expect(item?.difference?.hunks.join('\n').split('\n')).toContain(line)
  })

  it('knows what a manifest was, that somebody edited or took away, by the plan that is kept', () => {
    const deployed = published()
    const edited = drifted(
      deployed,
      job,
      (deployed.files.get(job) ?? '').replace('activeDeadlineSeconds: 7200', 'activeDeadlineSeconds: 1'),
    )
    const [first] = findDrift({ ...inputOf(texts), deployed: edited }).items
    expect(first?.difference?.hunks.join('\n')).toContain('-  activeDeadlineSeconds: 1\n+  activeDeadlineSeconds: 7200')
    const [gone, ...more] = findDrift({ ...inputOf(texts), deployed: drifted(deployed, job, null) }).items
    expect([gone?.kind, gone?.difference?.removedLines, more]).toEqual(['edited', 0, []])
  })

  it('is told of a manifest that this version would write otherwise, and counts for the next run', () => {
    const deployed = published()
    const older = new Map(deployed.files).set(job, `# An older version wrote this.\n${deployed.files.get(job) ?? ''}`)
    const { items } = findDrift({ ...inputOf(texts), deployed: { ...deployed, files: older } })
    expect(items).toMatchObject([{ kind: 'rendered', path: job, subject: 'prod/language/letters' }])
    expect(items[0]?.remedy).toContain('next run')
  })

  it('is told where the same spec has other values today: its Environment changed', () => {
    const input = withEnvironments((text) =>
      text.replace(
        'follow: newest\n  gpuTypes',
        'nodeLostSeconds: 60\n  follow: newest\n  ingress: { host: ml.example.com }\n  gpuTypes',
      ),
    )
    const { items, unpublished } = findDrift({ ...input, deployed: published() })
    expect(items.map(({ kind, subject, changes }) => [kind, subject, changes])).toEqual([
      ['values', 'prod/language/served', [{ path: 'ingressHost', before: null, after: 'ml.example.com' }]],
      ['values', 'prod/language/letters', [{ path: 'nodeLostSeconds', before: 300, after: 60 }]],
    ])
    expect(unpublished).toBe(0)
  })

  it('is told of endpoints that are pinned to another chart than this version ships', () => {
    const chart = { version: '0.3.0', files: new Map([['Chart.yaml', 'name: serving-endpoint\nversion: 0.3.0\n']]) }
    expect(told({ ...inputOf(texts), chart, deployed: published() })).toEqual([
      ['chart', 'applications/prod/language/endpoints/served.yaml', 'prod/language/served'],
    ])
  })

  it('is none where a person changed, added or took away a spec: that is only not published yet', () => {
    const longer = [gpuTraining('letters', '  nodes: 2\n'), gpuEndpoint('served', 'args: [-v]'), gpuTraining('another')]
    expect(findDrift({ ...inputOf(longer), deployed: published() })).toMatchObject({ items: [], unpublished: 3 })
    expect(findDrift({ ...inputOf([]), deployed: published() })).toMatchObject({ items: [], unpublished: 2 })
  })

  it('of edits and manifests is told also where the specs have problems', () => {
    const deployed = drifted(published(), job, null)
    const found = findDrift({ ...inputOf([...texts, 'kind: Nonsense\n']), deployed })
    expect(found.problems.length).toBeGreaterThan(0)
    expect(found.items.map(({ kind, path }) => [kind, path])).toEqual([['edited', job]])
  })

  it('has nothing to say of a run that has ended', () => {
    const deployed = published()
    const key = { environment: 'prod', project: 'language', name: 'letters' }
    const runId = readRunLedger(deployed.files, key)?.runs[0]?.id ?? ''
    const ended = perform(deployed, {
      kind: 'retire',
      key,
      runId,
      attempts: [{ attempt: 1, failureClass: null }],
      outcome: 'SUCCEEDED',
    })
    const input = withEnvironments((text) =>
      text.replace('follow: newest\n  gpuTypes', 'nodeLostSeconds: 60\n  follow: newest\n  gpuTypes'),
    )
    expect(told({ ...input, deployed: ended.deployed })).toEqual([])
  })
})
