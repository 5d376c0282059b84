import type { ErrorObject } from 'ajv'
import type { SpecKind } from '../../domain/specs.generated.ts'

type Validator = ((value: unknown) => boolean) & { errors?: ErrorObject[] | null }

export const TrainingJob: Validator
export const ServingEndpoint: Validator
export const Environment: Validator
export const Dataset: Validator
export const Model: Validator
export const PromptTemplate: Validator

declare const everyKind: Record<SpecKind, Validator>
export type Validators = typeof everyKind
