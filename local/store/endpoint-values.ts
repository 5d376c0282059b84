import { z } from 'zod'
import { mountSchema, variableSchema, volumeSchema } from './pod-spec.ts'

/** What makes the processes of one release. */
const release = {
  model: z.object({ digest: z.string().nullable().default(null) }),
  imageFolder: z.string().optional(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  env: z.array(variableSchema).default([]),
  promptTemplate: z.object({ text: z.string() }).nullish(),
  volumes: z.array(volumeSchema).default([]),
  volumeMounts: z.array(mountSchema).default([]),
  probe: z.object({
    path: z.string().startsWith('/'),
    initialDelaySeconds: z.number().min(0).default(0),
    periodSeconds: z.number().min(1).default(10),
  }),
  terminationGracePeriodSeconds: z.int().min(0).max(86_400).default(30),
  replicas: z.object({ min: z.int().min(0) }).default({ min: 1 }),
}

/** The values of the chart `serving-endpoint` that the local cluster reads; the others say something to a real one. */
export const valuesSchema = z.object({
  framework: z.literal('fastapi', 'must be fastapi on the local cluster'),
  name: z.string().min(1),
  project: z.string().min(1),
  environment: z.string().min(1),
  route: z.string().startsWith('/').default('/'),
  revision: z.int().optional(),
  ...release,
  candidate: z.object({ weight: z.int().min(0).max(100), revision: z.int().optional(), ...release }).optional(),
})
export type EndpointValues = z.infer<typeof valuesSchema>
export type ReleaseValues = Omit<NonNullable<EndpointValues['candidate']>, 'weight'>
