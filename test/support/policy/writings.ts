import type { Loose } from './attempts.ts'

/** Ways to write the same for Kubernetes' reader of YAML, which others may read differently. */
export const writings: Readonly<Record<string, (text: string) => string>> = {
  'as JSON': (text) => text,
  'as the second document of its file': (text) =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: a, namespace: ml-language }\n---\n${text}`,
  'as an item of a list': (text) => `{"apiVersion":"v1","kind":"List","items":[${text}]}`,
  'as an item of a list of Jobs': (text) => `{"apiVersion":"batch/v1","kind":"JobList","items":[${text}]}`,
  'with yes for true': (text) => text.replaceAll(':true', ': yes'),
  'with On for true': (text) => text.replaceAll(':true', ': On'),
  'with a tag': (text) => text.replaceAll(':true', ': !!bool "true"'),
  'by a merge key': (text) => mergeKeys(text),
}

/** The pod's spec by a merge key instead of where it belongs. */
function mergeKeys(text: string): string {
  const manifest: Loose = JSON.parse(text)
  const pod: Loose = manifest.spec.template.spec
  manifest.spec.template.spec = 'POD'
  const rest = JSON.stringify(manifest)
  return rest.replace('"POD"', () => `{ <<: ${JSON.stringify(pod)} }`)
}
