import { describe, expect, it } from 'vitest'
import { readKustomization, readManifest, readTemplate } from '../../../cli/observe/manifests.ts'
import { withoutSecrets } from '../../../cli/observe/print.ts'
import { whoText } from '../../../cli/observe/text.ts'
import { changesText } from '../../../cli/observe/watch.ts'
import { observeAll } from '../../../reconciler/observed/observe.ts'
import {
  applicationObject,
  change,
  condition,
  deployFiles,
  ended,
  jobObject,
  podObject,
  survey,
} from '../../support/observed.ts'

const read = (text: string) => readManifest('jobs.yaml', new TextEncoder().encode(text))
const job = (name: string) => `apiVersion: batch/v1\nkind: Job\nmetadata: { name: ${name} }\nspec:\n  backoffLimit: 0\n`

describe('a file of a deploy repository', () => {
  it('gives each Job with the lines that are its own', () => {
    const text = `# first\n${job('one')}---\n# second\n${job('two')}`
    expect(read(text).objects).toMatchObject([
      { kind: 'Job', name: 'one', line: 2, lastLine: 8 },
      { kind: 'Job', name: 'two', line: 9 },
    ])
  })

  it('gives the line of a key, and of the nearest above where there is none', () => {
    const [one] = read(job('one')).objects
    expect(one?.lineOf('/spec/backoffLimit')).toBe(5)
    expect(one?.lineOf('/spec/podFailurePolicy')).toBe(4)
    expect(one?.lineOf('/nothing/at/all')).toBe(1)
    expect([one?.has('/spec/backoffLimit'), one?.has('/spec/nothing')]).toEqual([true, false])
  })

  it.each([
    [
      'CronJobs, with what their Jobs ask for',
      'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: n}\nspec: {jobTemplate: {spec: {backoffLimit: 2}}}\n',
      [['CronJob', 'n', 1]],
    ],
    [
      'items of a List',
      'kind: List\nitems:\n  - apiVersion: batch/v1\n    kind: Job\n    metadata: {name: a}\n',
      [['Job', 'a', 3]],
    ],
    ['JSON on one line', '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"}}', [['Job', 'j', 1]]],
    ['no Job of another group', 'apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nmetadata: {name: v}\n', []],
    ['nothing of what only speaks of Jobs', '# kind: Job\nkey: value\n', []],
  ])('gives %s', (_sentence, text, found) => {
    expect(read(text).objects.map(({ kind, name, line }) => [kind, name, line])).toEqual(found)
  })

  it('that is no YAML is told with its line, and what can be read of it counts', () => {
    const { objects, unreadable } = read(`${job('one')}---\nkind: Job\na: [\n`)
    expect(objects.map(({ name }) => name)).toEqual(['one'])
    expect(unreadable).toMatchObject({ path: 'jobs.yaml', line: expect.any(Number) as number })
  })

  it('that is a template gives the lines of its Job and TTL', () => {
    const text =
      '{{- if .Values.train }}\napiVersion: batch/v1\nkind: Job\nspec:\n  ttlSecondsAfterFinished: {{ .Values.ttl }}\n{{- end }}\n'
    expect(readTemplate('t.yaml', new TextEncoder().encode(text))).toEqual({ path: 't.yaml', line: 3, ttlLine: 5 })
    expect(readTemplate('t.yaml', new TextEncoder().encode('kind: Service\n'))).toBeUndefined()
  })

  it('that is a kustomization names what it is made of', () => {
    const text = 'resources: [job.yaml, ../base]\ncomponents: [gpu]\nbases: old\n'
    expect(readKustomization('kustomization.yaml', new TextEncoder().encode(text))).toEqual([
      'job.yaml',
      '../base',
      'gpu',
    ])
  })
})

describe('what is printed', () => {
  it('has no user and password of an address', () => {
    const repoURL = 'https://me:s3cret@git.example.com/ml/deploy.git'
    const look = survey({ applications: [applicationObject({ source: { repoURL } })] })
    const shown = JSON.stringify(withoutSecrets(observeAll(look, null)))
    expect(shown).toContain('https://git.example.com/ml/deploy.git')
    expect(shown).not.toContain('s3cret')
  })

  it.each([
    ['its author', {}, 'Ada'],
    [
      'who merged it, and the request',
      { merged: { commit: 'x', by: 'Grace <g@example.com>' }, request: '#41' },
      'Ada, merged by Grace (#41)',
    ],
    ['who approved it', { approvedBy: ['Lin <l@example.com>'] }, 'Ada, approved by Lin'],
  ])('says of a change %s', (_sentence, more, text) => {
    expect(whoText({ ...change, ...more })).toBe(text)
  })

  it('while watching is what changed alone', () => {
    const files = deployFiles({ 'jobs/bert.yaml': job('bert') })
    const before = observeAll(survey({ jobs: [jobObject()], pods: [podObject()] }), files)
    const later = { ...before, at: new Date(before.at.getTime() + 60_000) }
    expect(changesText(before, later, 'table', 'warning')).toBe('')
    expect(changesText(before, later, 'json', 'warning')).toBe('')
    const status = { failed: 1, conditions: [condition('Failed', 'BackoffLimitExceeded')] }
    const pods = [podObject({ phase: 'Failed', state: ended(3) })]
    const after = observeAll(survey({ jobs: [jobObject({ status })], pods }), files)
    expect(changesText(before, after, 'table', 'warning')).toMatch(/^team\/bert {2}FAILED {2}APP_EXIT /)
    expect(changesText(after, observeAll(survey({}), null), 'table', 'none')).toBe('team/bert  no longer there\n')
  })
})
