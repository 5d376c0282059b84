import { describe, expect, it } from 'vitest'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { checkObject } from '../../../compiler/manifest/check.ts'
import { kubernetesVersions } from '../../../compiler/manifest/schemas.ts'
import type { Json } from '../../../domain/canonical.ts'
import { changed } from '../../support/manifests/change.ts'
import { renderedJob } from '../../support/manifests/rendered.ts'

const said = (object: Json, version: (typeof kubernetesVersions)[number] = '1.36'): readonly string[] =>
  checkObject(object, kubernetesSchemas.of(version)).map(({ pointer, message }) => `${pointer} ${message}`)

const job = renderedJob('ml-language')
const trainer = '/spec/template/spec/containers/0'

describe('a Job', () => {
  it.each([
    ['of a field that the server does not know', '/spec/backofLimit', 4, ['/spec/backofLimit is no field there']],
    [
      'of a text where a number belongs',
      '/spec/backoffLimit',
      '6',
      ['/spec/backoffLimit is "6", and must be a whole number'],
    ],
    [
      'of a number beyond 32 bits',
      '/spec/backoffLimit',
      3e9,
      ['/spec/backoffLimit is 3000000000, and must be a whole number'],
    ],
    ['of a time limit beyond 32 bits, which has 64', '/spec/activeDeadlineSeconds', 9e9, []],
    ['of a number as a label', '/metadata/labels/team', 7, ['/metadata/labels/team is 7, and must be a text']],
    ['of null, which says nothing', '/spec/parallelism', null, []],
    ['of a quantity with a decimal point first', `${trainer}/resources/limits/memory`, '.5Ti', []],
    [
      'of a quantity with a wrong unit',
      `${trainer}/resources/limits/memory`,
      '1GiB',
      [`${trainer}/resources/limits/memory is "1GiB", which is no quantity`],
    ],
    ['of a port by its name', `${trainer}/livenessProbe`, { httpGet: { port: 'http' } }, []],
    ['of a port by its number', `${trainer}/livenessProbe`, { httpGet: { port: 80 } }, []],
    [
      'of a port that is neither',
      `${trainer}/livenessProbe`,
      { httpGet: { port: 1.5 } },
      [`${trainer}/livenessProbe/httpGet/port is 1.5, and must be a whole number or a text`],
    ],
    ['of a list where a mapping belongs', '/spec/template', [], ['/spec/template is [], and must be a mapping']],
    [
      'without what must be there',
      `${trainer}/envFrom`,
      [{ configMapRef: {} }],
      [`${trainer}/envFrom/0/configMapRef lacks name`],
    ],
  ] as const)('%s', (_title, pointer, value, expected) => {
    expect(said(changed(job, [pointer, value as Json]))).toEqual(expected)
  })

  it('is refused a field by the version that does not have it yet, and taken by the one that has', () => {
    const gang = changed(job, ['/spec/template/spec/schedulingGroup', { podGroupName: 'training' }])
    expect(said(gang, '1.36')).toEqual([])
    expect(said(gang, '1.34')).toEqual(['/spec/template/spec/schedulingGroup is no field there'])
  })

  it('with a misspelt field is told the field that is meant', () => {
    const [finding] = checkObject(changed(job, [`${trainer}/comand`, ['x']]), kubernetesSchemas.of('1.36'))
    expect(finding).toMatchObject({ pointer: `${trainer}/comand`, hint: 'did you mean command?', key: true })
  })

  it('with a thousand unknown fields is told of some of them', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`field${index}`, 1]))
    expect(said(changed(job, ['/spec', many])).length).toBeLessThanOrEqual(101)
  })
})

describe('a custom resource', () => {
  const application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'a', namespace: 'argocd' },
    spec: { project: 'default', source: { repoURL: 'u' }, destination: { namespace: 'n' } },
  }
  const service = (predictor: Json): Json => ({
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: 'a' },
    spec: { predictor },
  })

  it.each([
    ['that fits is taken', application, []],
    [
      'of an unknown field is refused',
      { ...application, spec: { ...application.spec, syncPolcy: {} } },
      ['/spec/syncPolcy is no field there'],
    ],
    [
      'of null where it says nothing of null is refused',
      { ...application, spec: { ...application.spec, project: null } },
      ['/spec/project may not be null'],
    ],
    [
      'of a text where a switch belongs is refused',
      { ...application, spec: { ...application.spec, syncPolicy: { automated: { prune: 'yes' } } } },
      ['/spec/syncPolicy/automated/prune is "yes", and must be true or false'],
    ],
    [
      'of a model of a known form is taken',
      service({ model: { modelFormat: { name: 'onnx' }, storageUri: 's3://a' } }),
      [],
    ],
    [
      'of a quantity that is none is refused',
      service({ model: { modelFormat: { name: 'onnx' }, resources: { limits: { cpu: 'one' } } } }),
      [
        '/spec/predictor/model/resources/limits/cpu is "one", which does not match ^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
      ],
    ],
    [
      'of a port by name or number is taken',
      service({
        containers: [
          { name: 'a', livenessProbe: { httpGet: { port: 8080 } }, readinessProbe: { httpGet: { port: 'http' } } },
        ],
      }),
      [],
    ],
    [
      'of a container of an unknown field is refused',
      service({ containers: [{ name: 'a', imge: 'b' }] }),
      ['/spec/predictor/containers/0/imge is no field there'],
    ],
  ] as const)('%s', (_title, object, expected) => {
    expect(said(object as unknown as Json)).toEqual(expected)
  })

  it.each([
    ['InferenceService', 'serving.kserve.io/v1beta1'],
    ['RayService', 'ray.io/v1'],
    ['HTTPRoute', 'gateway.networking.k8s.io/v1'],
    ['ScaledObject', 'keda.sh/v1alpha1'],
    ['ServiceMonitor', 'monitoring.coreos.com/v1'],
    ['LocalQueue', 'kueue.x-k8s.io/v1beta1'],
    ['Application', 'argoproj.io/v1alpha1'],
  ])('%s of %s has its schema, with every version of Kubernetes', (kind, apiVersion) => {
    for (const version of kubernetesVersions)
      expect(kubernetesSchemas.of(version)[`${apiVersion}/${kind}`]?.properties?.['spec']).toBeDefined()
  })
})

it('a kind that nobody renders is refused, instead of being taken unseen', () => {
  expect(said({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } })).toEqual([
    ' is of the kind "Pod" in "v1", whose schema is not known',
  ])
})
