import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readSettings } from '../../cli/house/settings.ts'
import {
  demandHelm,
  goldenInstallNames,
  goldenInstallValues,
  podOf,
  type Rendered,
  type RenderedPod,
  renderInstall,
} from './install-chart.ts'

beforeAll(demandHelm)

/** Name of the object → its pod, for every object of a case that makes pods. */
function podsOf(objects: readonly Rendered[]): readonly (readonly [string, RenderedPod])[] {
  return objects.flatMap((one) => {
    const pod = podOf(one)
    return pod ? [[`${one.kind} ${one.metadata.name}`, pod] as const] : []
  })
}

describe.each(goldenInstallNames())('how pods of the chart specyard are confined with the values of %s', (name) => {
  let pods: readonly (readonly [string, RenderedPod])[] = []
  beforeAll(() => {
    pods = podsOf(renderInstall(goldenInstallValues(name)))
  })

  it('there are three kinds of them', () => {
    expect(pods.map(([, pod]) => pod.metadata.labels['app.kubernetes.io/component']).sort()).toEqual([
      'api',
      'migration',
      'reconciler',
    ])
  })

  it('every container is confined: no root, no new privileges, no capability, nothing to write to but its volumes', () => {
    for (const [who, { spec }] of pods) {
      expect(spec.securityContext, who).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(spec.securityContext['runAsUser'], who).toBeGreaterThan(0)
      expect(spec, who).not.toHaveProperty('hostNetwork')
      expect(spec.enableServiceLinks, who).toBe(false)
      for (const { securityContext } of [...(spec.initContainers ?? []), ...spec.containers])
        expect(securityContext, who).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
    }
  })

  it('what can be written to has a limit, and nothing of the node is mounted', () => {
    for (const [who, { spec }] of pods)
      for (const volume of spec.volumes) {
        const { name: label, ...source } = volume
        expect(['configMap', 'downwardAPI', 'emptyDir', 'projected'], `${who} ${label}`).toContain(
          Object.keys(source)[0],
        )
        if ('emptyDir' in source) expect(source['emptyDir'], who).toHaveProperty('sizeLimit')
      }
  })

  it('the reconciler alone has a token for the cluster', () => {
    const withToken = pods.filter(([, { spec }]) => spec.automountServiceAccountToken)
    expect(withToken.map(([, pod]) => pod.metadata.labels['app.kubernetes.io/component'])).toEqual(['reconciler'])
  })
})

describe.each(goldenInstallNames())('what pods of the chart specyard are given with the values of %s', (name) => {
  let objects: readonly Rendered[] = []
  let pods: readonly (readonly [string, RenderedPod])[] = []
  beforeAll(() => {
    objects = renderInstall(goldenInstallValues(name))
    pods = podsOf(objects)
  })

  it('no password stands in a variable: each comes from a Secret by its name', () => {
    const secret = ['DATABASE_URL', 'REDIS_URL', 'SPECYARD_SIGNING_KEY']
    for (const [who, { spec }] of pods) {
      const given = (spec.containers[0]?.env ?? []).filter((one) => secret.includes(one.name))
      expect(
        given.map((one) => one.name),
        who,
      ).toEqual(who.startsWith('Job ') ? ['DATABASE_URL'] : secret)
      for (const one of given) expect(one.valueFrom, who).toHaveProperty('secretKeyRef')
    }
  })

  it('no variable is given twice, and every volume is mounted', () => {
    for (const [who, { spec }] of pods)
      for (const { env, volumeMounts } of spec.containers) {
        expect(new Set(env.map((one) => one.name)).size, who).toBe(env.length)
        expect(volumeMounts.map((one) => one.name).sort(), who).toEqual(spec.volumes.map((one) => one.name).sort())
      }
  })

  it('the settings that pods find are settings that the program reads, and every program finds the same', async () => {
    const { settings: wanted } = parse(goldenInstallValues(name)) as { settings: { deploy: object; specs?: object } }
    const texts = [
      objects.find((one) => one.kind === 'ConfigMap')?.data?.['specyard.yaml'],
      ...pods.flatMap(([, pod]) => pod.metadata.annotations?.['specyard.dev/settings'] ?? []),
    ].map((text) => text?.trim())
    expect(texts).toHaveLength(2)
    expect(texts[1]).toBe(texts[0])
    const folder = await mkdtemp(join(tmpdir(), 'specyard-settings-'))
    try {
      await writeFile(join(folder, 'specyard.yaml'), texts[0] ?? '')
      const settings = await readSettings(folder, {})
      expect({ repository: settings.deployUrl, branch: settings.deployBranch }).toMatchObject(wanted.deploy)
      expect(settings.specs).toEqual(wanted.specs && { pullRequests: false, ...wanted.specs })
      expect(settings.embeddedDeploy).toBe(false)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
