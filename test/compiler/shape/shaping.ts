import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { kubernetesSchemas } from '../../../cli/house/kubernetes-schemas.ts'
import { compile } from '../../../compiler/compile.ts'
import type { CompileInput, CompileResult } from '../../../compiler/compile-types.ts'
import type { KubernetesVersion } from '../../../compiler/manifest/schemas.ts'
import type { Deployed } from '../../../domain/publication.ts'
import { address, chart, nothing, source, sourcesOf, training } from '../../support/compiler.ts'

/** A repository with one training and what shapes it. */
export interface Repository {
  /** Lines of the Environment's spec, indented by two. */
  readonly environment?: string
  /** Lines of specyard.yaml behind its first two. */
  readonly settings?: string
  /** Files under templates/, by their names. */
  readonly templates?: Readonly<Record<string, string>>
  /** Lines of the training's spec, indented by two. */
  readonly training?: string
  readonly kubernetesVersion?: KubernetesVersion
}

/** Specyard's own template, as somebody would copy it to begin with. */
export const ownTemplate = readFileSync(
  join(import.meta.dirname, '..', '..', '..', 'compiler', 'render', 'templates', 'job.yaml.hbs'),
  'utf8',
)

export function inputOf(repository: Repository, deployed: Deployed = nothing): CompileInput {
  const { environment = '', settings = '', templates = {} } = repository
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
  const text = `apiVersion: specyard.dev/v1
kind: Environment
metadata: { name: gpus }
spec:
  cluster: { kubernetes: { context: prod, namespaces: { language: ml-language } } }
${environment}`
  const spec = training('letters', repository.training).replace('environment: dev', 'environment: gpus')
  return {
    ...{ source, deployed, chart, deploy: address },
    ...{ kubernetes: kubernetesSchemas, kubernetesVersion: repository.kubernetesVersion },
    sources: [
      ...sourcesOf([spec, text]),
      ...Object.entries(templates).map(([name, content]) => ({ path: `templates/${name}`, bytes: encode(content) })),
    ],
    settings: { path: 'specyard.yaml', bytes: encode(`apiVersion: specyard.dev/v1\nkind: Settings\n${settings}`) },
  }
}

export function compiled(repository: Repository, deployed: Deployed = nothing): CompileResult {
  return compile(inputOf(repository, deployed))
}

/** The text of the manifest that a repository's training gets. */
export function manifestOf({ tree, problems }: CompileResult): string {
  const found = [...(tree ?? [])].find(([path]) => /^environments\/gpus\/.*\/jobs\/letters-.*\.yaml$/.test(path))
  if (!found) throw new Error(`there is no manifest: ${JSON.stringify(problems)}`)
  return found[1]
}

/** Problems in one line each: place, code, message. */
export function said({ problems }: CompileResult): readonly string[] {
  return problems.map(({ where, code, message }) => `${where.file}:${where.line}:${where.column} ${code} ${message}`)
}
