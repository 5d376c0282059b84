import { checkObject } from '../../../compiler/manifest/check.ts'
import type { Definitions } from '../../../compiler/manifest/schemas.ts'
import type { Json } from '../../../domain/canonical.ts'
import type { Kubernetes } from '../base/kubernetes.ts'

/** What the compiler and a server say of one manifest: null where it is fine. */
export interface Verdicts {
  readonly change: string
  readonly ours: string | null
  readonly server: string | null
}

/** Asks both about each manifest; the server in a dry run that refuses fields which it does not know, as `kubectl --validate=strict` does. */
export async function compareVerdicts(
  kubernetes: Kubernetes,
  manifests: readonly (readonly [string, Json])[],
  definitions: Definitions,
  namespace: string,
): Promise<readonly Verdicts[]> {
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs?dryRun=All&fieldValidation=Strict`
  const verdicts: Verdicts[] = []
  for (const [change, object] of manifests) {
    const [finding] = checkObject(object, definitions)
    const answer = await kubernetes.request('POST', path, object)
    const server = answer.status < 300 ? null : `${answer.status} ${messageOf(answer.body)}`
    verdicts.push({ change, ours: finding ? `${finding.pointer} ${finding.message}` : null, server })
  }
  return verdicts
}

function messageOf(body: string): string {
  try {
    return (JSON.parse(body) as { message: string }).message
  } catch {
    return body
  }
}
