import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { peerRecipes } from '../../cluster/build/recipes.ts'
import { builtTools, type Say } from '../../cluster/build/tools.ts'

/*
 * What the compiler is measured beside: Helm as a program and as a library, kubeconform. All built from their Go modules.
 */

export interface Peers {
  readonly helm: string
  /** Renders a chart with many values in one process. */
  readonly helmLibrary: string
  readonly kubeconform: string
}

/** @returns null where there is no Go to build them with; why is said */
export async function buildPeers(say: Say): Promise<Peers | null> {
  try {
    const bin = join(await builtTools(peerRecipes.compiling, say), 'bin')
    return { helm: join(bin, 'helm'), helmLibrary: join(bin, 'helm-library'), kubeconform: join(bin, 'kubeconform') }
  } catch (error) {
    say(`without Helm and kubeconform: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

/** @returns seconds that Helm's library took to read each of these values and to render a chart with them, in one process */
export function renderByLibrary({ helmLibrary }: Peers, chart: string, values: readonly string[]): number {
  const said = execFileSync(helmLibrary, [chart, '1', ...values], { encoding: 'utf8' })
  const [seconds] = JSON.parse(said) as readonly number[]
  if (seconds === undefined) throw new Error(`helm-library tells no time: ${said}`)
  return seconds
}

/** @returns seconds that `helm template` took, a fork for each of these values */
export function renderByForks(helm: string, chart: string, values: readonly string[]): number {
  const began = performance.now()
  const version = ['--kube-version', '1.34.0']
  for (const file of values)
    execFileSync(helm, ['template', 'bench', chart, ...version, '--values', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  return (performance.now() - began) / 1000
}

/** Writes a chart that makes a training's Job, and values for so many. @returns the chart's folder and the values' files */
export function writeTrainingChart(
  folder: string,
  trainings: number,
): { readonly chart: string; readonly values: readonly string[] } {
  const chart = join(folder, 'chart')
  const put = (path: string, text: string): string => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  put('chart/Chart.yaml', 'apiVersion: v2\nname: training\nversion: 0.1.0\n')
  put('chart/templates/job.yaml', template)
  const values = Array.from({ length: trainings }, (_, index) => put(`values/${index}.yaml`, valuesOf(index)))
  return { chart, values }
}

function valuesOf(index: number): string {
  return `name: training-${index}
project: language
labels: { team: language, sweep: s${index % 13} }
image: ghcr.io/example/trainer@sha256:${String(index % 7).repeat(64)}
command: [python, -m, trainer.main]
env: { LOG_LEVEL: info, TOKENIZERS_PARALLELISM: 'false' }
secret: { name: huggingface, key: token }
training: { epochs: ${10 + (index % 40)}, batchSize: 64, learningRate: 0.001, optimizer: adamw, seed: ${index} }
nodeSelector: { accelerator: nvidia-t4 }
gpus: 1
cpu: { request: '4', limit: '8' }
memory: { request: 16Gi, limit: 32Gi }
timeoutSeconds: 86400
`
}

/** A Job as teams write it in a chart: less than what the compiler makes of a spec. */
const template = `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Values.name }}
  labels:
    app: trainer
    project: {{ .Values.project }}
    {{- toYaml .Values.labels | nindent 4 }}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: {{ .Values.timeoutSeconds }}
  template:
    metadata:
      labels:
        app: trainer
        project: {{ .Values.project }}
    spec:
      restartPolicy: Never
      nodeSelector:
        {{- toYaml .Values.nodeSelector | nindent 8 }}
      containers:
        - name: trainer
          image: {{ .Values.image | quote }}
          command: {{ toJson .Values.command }}
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
            - name: TRAINING_CONFIG
              value: {{ toJson .Values.training | quote }}
            - name: HF_TOKEN
              valueFrom:
                secretKeyRef: {{ toJson .Values.secret }}
          resources:
            requests: { cpu: {{ .Values.cpu.request | quote }}, memory: {{ .Values.memory.request }}, nvidia.com/gpu: {{ .Values.gpus }} }
            limits: { cpu: {{ .Values.cpu.limit | quote }}, memory: {{ .Values.memory.limit }}, nvidia.com/gpu: {{ .Values.gpus }} }
`
