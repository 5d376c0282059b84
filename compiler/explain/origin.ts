import type { Json } from '../../domain/canonical.ts'
import type { Place } from '../../domain/problem.ts'
import type { Document } from '../load/document.ts'
import type { Catalogue } from '../resolve/catalogue.ts'
import { below, type Origin } from '../resolve/origins.ts'
import type { ExplainedOrigin } from './explained.ts'
import { valueAt } from '../load/walk.ts'
import { dotted } from './leaves.ts'
import type { Heard } from './listen.ts'

/** Where the documents stand that an origin can name. */
export interface Around {
  readonly document: Document
  readonly environment: string
  readonly project: string
  readonly catalogue: Catalogue
  readonly heard: Heard
}

const nothing = { where: null, note: '', overrides: null, written: null } as const

/** What a note of the compiler means for a person: file and line, and what an overlay put aside. */
export function explainOrigin(origin: Origin | undefined, around: Around): ExplainedOrigin {
  if (origin === undefined) return { ...nothing, from: 'made', note: 'Specyard' }
  switch (origin.from) {
    case 'spec':
      return ofSpec(origin.pointer, around)
    case 'environment':
      return {
        ...nothing,
        from: 'environment',
        where: inEnvironment(origin.pointer, around),
        written: dotted(origin.pointer),
      }
    case 'reference': {
      const from = origin.kind === 'Dataset' ? 'dataset' : 'prompt-template'
      const specs = origin.kind === 'Dataset' ? around.catalogue.datasets : around.catalogue.promptTemplates
      const where = specs.get(`${around.project}/${origin.name}`)?.document.locate(origin.pointer) ?? null
      return { ...nothing, from, where, note: `${origin.kind} ${origin.name}`, written: dotted(origin.pointer) }
    }
    case 'default':
      return ofDefault(origin, around)
    case 'patch':
      return { ...nothing, from: 'patch', where: origin.locate(origin.pointer) }
    case 'template':
      return { ...nothing, from: 'template', where: origin.where }
    case 'made':
      return { ...nothing, from: 'made', note: origin.how }
  }
}

function ofSpec(pointer: string, { document, environment, heard }: Around): ExplainedOrigin {
  const written = pointer === '' ? null : dotted(pointer)
  if (heard.overlayAt(pointer) !== 'set') return { ...nothing, from: 'spec', where: document.locate(pointer), written }
  const base = valueAt(document.value, pointer) as Json | undefined
  return {
    ...nothing,
    from: 'overlay',
    where: document.locate(inOverlay(pointer, environment)),
    overrides: base === undefined ? null : { where: document.locate(pointer), value: base },
    written,
  }
}

function ofDefault(origin: Extract<Origin, { from: 'default' }>, around: Around): ExplainedOrigin {
  const { document, environment, heard } = around
  const { pointer } = origin
  if (pointer === undefined) return { ...nothing, from: 'default' }
  const written = dotted(pointer)
  if (origin.in !== 'spec' || heard.overlayAt(pointer) !== 'removed') return { ...nothing, from: 'default', written }
  const base = valueAt(document.value, pointer) as Json | undefined
  return {
    from: 'default',
    where: document.locateKey(inOverlay(pointer, environment)),
    note: 'the overlay takes away what the spec says',
    overrides: base === undefined ? null : { where: document.locate(pointer), value: base },
    written,
  }
}

/** The pointer of an overlay's own value: overlays stand below `spec.environments` and begin where the spec does. */
function inOverlay(pointer: string, environment: string): string {
  return `${below('/spec/environments', environment)}${pointer.slice('/spec'.length)}`
}

function inEnvironment(pointer: string, { catalogue, environment }: Around): Place | null {
  return catalogue.environments.get(environment)?.document.locate(pointer) ?? null
}
