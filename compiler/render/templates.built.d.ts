import type { Asked, View } from './template.ts'

type Template =
  | 'applications-readme'
  | 'endpoint-application'
  | 'job'
  | 'jobs-application'
  | 'jobs-readme'
  | 'root-application'
  | 'values'

export const templates: Readonly<Record<Template, (view: View, asked: Asked) => string>>

/** How many places there are where a value is written, over all templates. */
export const values: number
