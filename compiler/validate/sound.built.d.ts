type Sound = (value: unknown) => boolean

export const TrainingJob: Sound
export const ServingEndpoint: Sound
export const Environment: Sound
export const Dataset: Sound
export const Model: Sound
export const Policy: Sound
export const PromptTemplate: Sound
