type Template = 'job' | 'jobs-application' | 'endpoint-application' | 'values' | 'jobs-readme' | 'root-application'

export const templates: Readonly<Record<Template, TemplateSpecification>>
