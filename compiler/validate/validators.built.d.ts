import type { ErrorObject } from 'ajv'

type Validator = ((value: unknown) => boolean) & { errors?: ErrorObject[] | null }

export const TrainingJob: Validator
export const ServingEndpoint: Validator
export const Environment: Validator
export const Dataset: Validator
export const Model: Validator
export const Policy: Validator
export const PromptTemplate: Validator
