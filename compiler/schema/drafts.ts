/** The drafts of JSON Schema that schemas are written in. */
export const drafts = ['2020-12', 'draft-07'] as const
export type Draft = (typeof drafts)[number]
