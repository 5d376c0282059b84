import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { renderedJobs } from './rendered-jobs.ts'

/*
 * What teams write who have Helm make their Jobs: a chart with one template, and a values file for each training. So that the same work is compared, it
 * makes the very Jobs that the compiler makes of the corpus (helm.services.test.ts holds it to that); what the compiler finds out by itself, such as
 * identities, digests and what an environment says, stands in the values.
 */

/** Writes the chart, and values for so many trainings. @returns the chart's folder and the values' files */
export function writeTrainingChart(
  folder: string,
  trainings: number,
): { readonly chart: string; readonly values: readonly string[] } {
  const put = (path: string, text: string): string => {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  put('chart/Chart.yaml', 'apiVersion: v2\nname: training\nversion: 0.1.0\n')
  put('chart/templates/job.yaml', template)
  const values = renderedJobs(trainings).map((text, index) => put(`values/${index}.yaml`, stringify(valuesOf(text))))
  return { chart: join(folder, 'chart'), values }
}

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
    readonly fieldRef?: { readonly fieldPath: string }
  }
}

interface Job {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }
  readonly spec: {
    readonly activeDeadlineSeconds: number
    readonly template: { readonly spec: { readonly containers: readonly [Trainer] } }
  }
}

interface Trainer {
  readonly image: string
  readonly command: readonly string[]
  readonly env: readonly Variable[]
  readonly resources: Readonly<Record<'requests' | 'limits', Readonly<Record<string, string | number>>>>
}

function valuesOf(text: string): unknown {
  const { metadata, spec } = parse(text) as Job
  const [{ image, command, env, resources }] = spec.template.spec.containers
  const { requests, limits } = resources
  const { labels, annotations } = metadata
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    project: labels['specyard.dev/project'],
    jobId: labels['job-id'],
    traceId: labels['trace-id'],
    attempt: labels['specyard.dev/attempt'],
    queue: labels['kueue.x-k8s.io/queue-name'],
    digest: annotations['specyard.dev/digest'],
    spec: annotations['specyard.dev/spec'],
    timeoutSeconds: spec.activeDeadlineSeconds,
    image,
    command,
    env: env.map(({ name, value, valueFrom }) => {
      if (value !== undefined) return name === 'TRAINING_CONFIG' ? { name, json: JSON.parse(value) } : { name, value }
      const { secretKeyRef, fieldRef } = valueFrom ?? {}
      return { name, ...(secretKeyRef ? { secret: secretKeyRef } : { field: fieldRef?.fieldPath }) }
    }),
    gpus: limits['nvidia.com/gpu'],
    cpu: { request: requests['cpu'], limit: limits['cpu'] },
    memory: { request: requests['memory'], limit: limits['memory'] },
  }
}

const template = `{{- define "labels" -}}
app: trainer
job-id: {{ .Values.jobId }}
specyard.dev/attempt: {{ .Values.attempt | quote }}
specyard.dev/project: {{ .Values.project }}
trace-id: {{ .Values.traceId }}
{{- end -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Values.name }}
  namespace: {{ .Values.namespace }}
  labels:
    {{- include "labels" . | nindent 4 }}
    {{- with .Values.queue }}
    kueue.x-k8s.io/queue-name: {{ . }}
    {{- end }}
  annotations:
    specyard.dev/digest: {{ .Values.digest | quote }}
    specyard.dev/spec: {{ .Values.spec }}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: {{ .Values.timeoutSeconds }}
  podReplacementPolicy: Failed
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      - action: FailJob
        onExitCodes:
          containerName: lease
          operator: In
          values: [75]
  template:
    metadata:
      labels:
        {{- include "labels" . | nindent 8 }}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 30
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        seccompProfile:
          type: RuntimeDefault
      initContainers:
        - name: lease
          image: busybox:1.37.0
          command:
            - sh
            - -c
            - |
              if [ "$LEASE_JOB_UID" = "$JOB_UID" ]; then exit 0; fi
              echo "the lease of this attempt belongs to Job $LEASE_JOB_UID, not to $JOB_UID: nothing trains here" >&2
              exit 75
          terminationMessagePolicy: FallbackToLogsOnError
          env:
            - name: LEASE_JOB_UID
              valueFrom:
                secretKeyRef:
                  name: callback-token-{{ .Values.jobId }}-{{ .Values.attempt }}
                  key: job-uid
            - name: JOB_UID
              valueFrom:
                fieldRef:
                  fieldPath: metadata.labels['batch.kubernetes.io/controller-uid']
          resources:
            requests: { cpu: 10m, memory: 16Mi }
            limits: { cpu: 100m, memory: 32Mi }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
      containers:
        - name: trainer
          image: {{ .Values.image | quote }}
          command: {{- toYaml .Values.command | nindent 12 }}
          terminationMessagePolicy: FallbackToLogsOnError
          env:
            {{- range .Values.env }}
            - name: {{ .name }}
              {{- if .secret }}
              valueFrom:
                secretKeyRef:
                  name: {{ .secret.name }}
                  key: {{ .secret.key }}
              {{- else if .field }}
              valueFrom:
                fieldRef:
                  fieldPath: {{ .field }}
              {{- else if .json }}
              value: {{ toJson .json | quote }}
              {{- else }}
              value: {{ .value | quote }}
              {{- end }}
            {{- end }}
          resources:
            requests:
              cpu: {{ .Values.cpu.request | quote }}
              memory: {{ .Values.memory.request }}
            limits:
              cpu: {{ .Values.cpu.limit | quote }}
              memory: {{ .Values.memory.limit }}
              nvidia.com/gpu: {{ .Values.gpus }}
          securityContext:
            allowPrivilegeEscalation: false
          volumeMounts:
            - name: callback
              mountPath: /var/run/specyard/callback
              readOnly: true
      volumes:
        - name: callback
          secret:
            secretName: callback-token-{{ .Values.jobId }}-{{ .Values.attempt }}
            optional: true
            items:
              - key: token
                path: token
`
