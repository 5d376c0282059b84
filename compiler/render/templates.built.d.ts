type Template = 'job' | 'jobs-application' | 'endpoint-application' | 'values' | 'jobs-readme'

export const templates: Readonly<Record<Template, TemplateSpecification>>
