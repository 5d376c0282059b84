import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { endpointKey, environments } from './corpus.ts'

/*
 * What teams write who have Helm make their Applications: a chart with one template, which puts the values of the endpoint's own chart into its
 * Application, and a short values file for each endpoint and environment. It makes less than ours: no ledger, no variables of the model.
 */

/** @returns the folder of the chart, and the values of each endpoint in each environment */
export function writePeerChart(
  folder: string,
  endpoints: number,
): { readonly chart: string; readonly values: readonly string[] } {
  const chart = join(folder, 'chart')
  mkdirSync(join(chart, 'templates'), { recursive: true })
  mkdirSync(join(folder, 'values'), { recursive: true })
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: endpoint\nversion: 0.1.0\n')
  writeFileSync(join(chart, 'templates', 'application.yaml'), template)
  const values = Array.from({ length: endpoints }, (_, index) => index).flatMap((index) =>
    environments.map((environment) => {
      const file = join(folder, 'values', `${environment}-${index}.yaml`)
      writeFileSync(file, valuesOf(index, environment))
      return file
    }),
  )
  return { chart, values }
}

function valuesOf(index: number, environment: string): string {
  const { name, project } = endpointKey(index)
  return `name: ${name}
project: ${project}
environment: ${environment}
model: { name: base, version: 1, digest: 'sha256:${'c'.repeat(64)}', uri: 's3://ml/${project}/base/cccccccccccc/model.bin', family: transformer }
image: ghcr.io/example/${project}-server@sha256:${String(index % 7).repeat(64)}
command: [.venv/bin/python, -m, src]
port: 8080
route: /${project}/${name}
env: { LOG_LEVEL: ${environment === 'prod' ? 'warning' : 'info'}, MAX_CONCURRENT_REQUESTS: '32', MAX_INPUT_TOKENS: '2048', MAX_OUTPUT_TOKENS: '512' }
secrets: { HF_TOKEN: { name: huggingface, key: token } }
gpus: 1
nodeSelector: { accelerator: nvidia-t4 }
cpu: { request: '2', limit: '4' }
memory: { request: 8Gi, limit: 16Gi }
replicas: { min: ${environment === 'prod' ? 2 : 1}, max: ${environment === 'prod' ? 8 : 2 + (index % 4)} }
cpuUtilization: 70
host: ${environment}.ml.example.com
`
}

const template = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {{ .Values.environment }}.{{ .Values.project }}.endpoint.{{ .Values.name }}
  namespace: argocd
  labels:
    project: {{ .Values.project }}
  finalizers:
    - resources-finalizer.argocd.argoproj.io
spec:
  project: default
  source:
    repoURL: https://git.example.com/deploy.git
    targetRevision: main
    path: charts/serving-endpoint
    helm:
      releaseName: {{ .Values.name }}
      values: |
        name: {{ .Values.name }}
        project: {{ .Values.project }}
        environment: {{ .Values.environment }}
        model:
          {{- toYaml .Values.model | nindent 10 }}
        image: {{ .Values.image | quote }}
        command: {{ toJson .Values.command }}
        port: {{ .Values.port }}
        route: {{ .Values.route | quote }}
        host: {{ .Values.host | quote }}
        probe: { path: /readyz, periodSeconds: 5, initialDelaySeconds: 0 }
        env:
          {{- range $name, $value := .Values.env }}
          - name: {{ $name }}
            value: {{ $value | quote }}
          {{- end }}
          {{- range $name, $secret := .Values.secrets }}
          - name: {{ $name }}
            valueFrom:
              secretKeyRef: {{ toJson $secret }}
          {{- end }}
        resources:
          requests: { cpu: {{ .Values.cpu.request | quote }}, memory: {{ .Values.memory.request }} }
          limits: { cpu: {{ .Values.cpu.limit | quote }}, memory: {{ .Values.memory.limit }}, nvidia.com/gpu: {{ .Values.gpus }} }
        nodeSelector:
          {{- toYaml .Values.nodeSelector | nindent 10 }}
        replicas:
          {{- toYaml .Values.replicas | nindent 10 }}
        autoscale: { cpuUtilization: {{ .Values.cpuUtilization }} }
        rollout: { strategy: rolling, maxSurge: 1, maxUnavailable: 0 }
  destination:
    name: {{ .Values.environment }}
    namespace: ml-{{ .Values.project }}
  syncPolicy:
    automated: { prune: true, selfHeal: true }
    syncOptions: [RespectIgnoreDifferences=true]
  ignoreDifferences:
    - { group: apps, kind: Deployment, jsonPointers: [/spec/replicas] }
`
