import { z } from 'zod'

/** What of a pod template is read here, and refused where leaving it out would change what runs. */
const nameSchema = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a lower-case DNS name')

const secretKeySchema = z.strictObject({ name: nameSchema, key: z.string(), optional: z.boolean().default(false) })

export const variableSchema = z.strictObject({
  name: z.string().regex(/^[^=\0]+$/, 'must be the name of a variable'),
  value: z
    .string()
    .refine((value) => !value.includes('\0'), 'must not hold NUL')
    .optional(),
  valueFrom: z
    .union([
      z.strictObject({ secretKeyRef: secretKeySchema }),
      z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.string(), apiVersion: z.string().optional() }) }),
    ])
    .optional(),
})
export type PodVariable = z.infer<typeof variableSchema>

export const mountSchema = z.strictObject({
  name: z.string(),
  mountPath: z.string().min(1),
  readOnly: z.boolean().default(false),
  subPath: z.string().optional(),
})

export const volumeSchema = z.union([
  z.strictObject({
    name: z.string(),
    hostPath: z.strictObject({ path: z.string().min(1), type: z.string().optional() }),
  }),
  z.strictObject({
    name: z.string(),
    persistentVolumeClaim: z.strictObject({ claimName: nameSchema, readOnly: z.boolean().optional() }),
  }),
  z.strictObject({ name: z.string(), emptyDir: z.looseObject({}) }),
  z.strictObject({
    name: z.string(),
    secret: z.strictObject({
      secretName: nameSchema,
      optional: z.boolean().default(false),
      defaultMode: z.number().optional(),
      items: z.array(z.strictObject({ key: z.string(), path: z.string(), mode: z.number().optional() })).optional(),
    }),
  }),
])
export type PodVolume = z.infer<typeof volumeSchema>

const wordsSchema = z.array(z.string().refine((word) => !word.includes('\0'), 'must not hold NUL'))

const containerSchema = z.object({
  name: nameSchema,
  image: z.string().default(''),
  command: wordsSchema.default([]),
  args: wordsSchema.default([]),
  env: z.array(variableSchema).default([]),
  envFrom: z.never('is not supported by the local cluster').optional(),
  workingDir: z.never('is not supported by the local cluster').optional(),
  volumeMounts: z.array(mountSchema).default([]),
})
export type PodContainer = z.infer<typeof containerSchema>

const podSpecSchema = z.object({
  restartPolicy: z.literal('Never', 'must be Never on the local cluster'),
  terminationGracePeriodSeconds: z.int().min(0).max(86_400).default(30),
  initContainers: z.array(containerSchema).default([]),
  containers: z.array(containerSchema).length(1, 'must be one container on the local cluster'),
  volumes: z.array(volumeSchema).default([]),
})
export type PodSpec = z.infer<typeof podSpecSchema>

const ruleSchema = z.strictObject({
  action: z.enum(['FailJob', 'Ignore', 'Count']),
  onExitCodes: z
    .strictObject({
      containerName: z.string().optional(),
      operator: z.enum(['In', 'NotIn']),
      values: z.array(z.int()).min(1).max(255),
    })
    .optional(),
  onPodConditions: z
    .array(z.strictObject({ type: z.string(), status: z.enum(['True', 'False', 'Unknown']).default('True') }))
    .optional(),
})
export type FailureRule = z.infer<typeof ruleSchema>

const one = z.literal(1, 'must be 1 on the local cluster').default(1)

const jobSpecSchema = z.object({
  backoffLimit: z.int().min(0).default(6),
  activeDeadlineSeconds: z.int().min(1).nullable().default(null),
  parallelism: one,
  completions: one,
  suspend: z.boolean().default(false),
  ttlSecondsAfterFinished: z.never('is not supported by the local cluster').optional(),
  podFailurePolicy: z.strictObject({ rules: z.array(ruleSchema).max(20) }).default({ rules: [] }),
  template: z.object({
    metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }).default({ labels: {} }),
    spec: podSpecSchema,
  }),
})
export type JobSpec = z.infer<typeof jobSpecSchema>

export const jobSchema = z.object({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: z.object({
    name: nameSchema.max(63),
    namespace: nameSchema.max(63).optional(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: jobSpecSchema,
})
