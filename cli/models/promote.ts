import type { Proposing } from '../../api/models/ports.ts'
import { setValue } from '../../compiler/load/set-value.ts'
import { readLedger } from '../../domain/ledger-files.ts'
import { environmentNames } from '../../domain/lifecycle.ts'
import { type EndpointKey, keyText } from '../../domain/names.ts'
import { hasErrors } from '../../domain/problem.ts'
import type { SourceFile } from '../../domain/publication.ts'
import type { Opened } from '../house/open.ts'
import { compileSpecs } from '../specs/compile-specs.ts'

type Promoting = Pick<Opened, 'settings' | 'deploy' | 'specs'>

/** Proposes that another environment serves the model version that an endpoint serves in this one: a change of `model.version` in its overlay. */
export async function promote(opened: Promoting, from: EndpointKey, to: string): Promise<Proposing> {
  const deployed = await opened.deploy.read()
  const { endpoints, environments } = readLedger(deployed.files)
  const entry = endpoints.find((one) => keyText(one) === keyText(from))
  if (!entry) return refused(`there is no endpoint ${keyText(from)}`, 'specyard status lists them')
  if (!entry.pin) return refused(`${keyText(from)} serves no model version yet`, 'wait for one')
  const known = environments.map((one) => one.environment)
  const target = environmentNames(to).find((one) => known.includes(one))
  if (target === undefined) return refused(`there is no Environment ${to}`, `use one of: ${known.join(', ')}`)
  if (target === from.environment) return refused(`${keyText(from)} serves it already`, 'name another environment')
  return proposeVersion(opened, { ...from, environment: target }, entry.plan.source.path, entry.pin, {
    body: `It is what ${from.environment} serves (${entry.pin.digest}).`,
  })
}

/** Proposes that an endpoint serves a model version in an environment. */
export async function proposeVersion(
  { settings, deploy, specs }: Promoting,
  key: EndpointKey,
  path: string,
  { model, version }: { readonly model: string; readonly version: number },
  { body }: { readonly body: string },
): Promise<Proposing> {
  const state = await specs.read()
  const file = state.files.find((one) => one.path === path)
  if (!file) return refused(`the spec of ${key.name} is no longer at ${path}`, 'publish what has become of it')
  const before = new TextDecoder().decode(file.bytes)
  const wanted = { kind: 'ServingEndpoint', project: key.project, name: key.name }
  const text = setValue(before, wanted, ['spec', 'environments', key.environment, 'model', 'version'], version)
  if (text === before) return { kind: 'unchanged', message: `${path} says just that already` }
  const files = state.files.map((one): SourceFile =>
    one === file ? { path, bytes: new TextEncoder().encode(text) } : one,
  )
  const { problems } = await compileSpecs(settings, { ...state, files }, await deploy.read())
  if (hasErrors(problems)) return { kind: 'problems', problems }
  const proposed = await specs.propose(
    { path, text, expected: before },
    {
      slug: `promote-${key.name}-${key.environment}`,
      title: `Serve ${model}@${version} as ${keyText(key)}`,
      body,
    },
  )
  return { kind: 'proposed', path, ...proposed }
}

function refused(message: string, hint: string): Proposing {
  return { kind: 'refused', message, hint }
}
