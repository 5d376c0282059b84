import type { Api } from '../api/api.ts'
import { type AccessRule, argocdRules, projectRules } from '../rules.ts'
import { type Finding, ok, problem } from './finding.ts'

/** One question: may it do this here? */
interface Right {
  readonly namespace: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly verb: string
}

/**
 * Asks the API server about every verb of the rules, for whoever asks or for somebody else.
 * @param user such as `system:serviceaccount:specyard:specyard-reconciler`; null for whoever asks. Asking for others is a right of administrators
 * @throws ApiError
 */
export async function checkRights(
  api: Pick<Api, 'json'>,
  places: { readonly namespaces: readonly string[]; readonly argocdNamespace: string },
  user: string | null,
): Promise<readonly Finding[]> {
  const asked = [
    ...places.namespaces.map((namespace) => ({ namespace, rules: projectRules })),
    { namespace: places.argocdNamespace, rules: argocdRules },
  ]
  const findings: Finding[] = []
  for (const { namespace, rules } of asked) {
    const refused: string[] = []
    for (const right of rightsOf(namespace, rules)) if (!(await isAllowed(api, right, user))) refused.push(text(right))
    const who = user ?? 'this identity'
    findings.push(
      refused.length === 0
        ? ok(`${who} may do in namespace ${namespace} all that a reconciler does there`)
        : problem(
            `${who} may not do in namespace ${namespace}: ${refused.join(', ')}`,
            `bind it to a Role with these rules there; the chart makes one for each of its \`namespaces\``,
          ),
    )
  }
  return findings
}

function rightsOf(namespace: string, rules: readonly AccessRule[]): readonly Right[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((one) => {
        const [resource = '', subresource = ''] = one.split('/')
        return verbs.map((verb) => ({ namespace, group, resource, subresource, verb }))
      }),
    ),
  )
}

/** @see https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access */
async function isAllowed(api: Pick<Api, 'json'>, right: Right, user: string | null): Promise<boolean> {
  const kind = user === null ? 'SelfSubjectAccessReview' : 'SubjectAccessReview'
  const body = {
    ...{ apiVersion: 'authorization.k8s.io/v1', kind },
    spec: { resourceAttributes: right, ...(user === null ? {} : { user, groups: groupsOf(user) }) },
  }
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`
  const answer = (await api.json({ method: 'POST', path, body })) as { status?: { allowed?: boolean } }
  return answer.status?.allowed === true
}

/** A service account is in these groups; what is bound to them it may do too. */
function groupsOf(user: string): readonly string[] {
  const namespace = /^system:serviceaccount:([^:]+):/.exec(user)?.[1]
  const own = namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  return [...own, 'system:authenticated']
}

function text({ verb, resource, subresource }: Right): string {
  return `${verb} ${subresource === '' ? resource : `${resource}/${subresource}`}`
}
