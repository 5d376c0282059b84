import { leaseSecretName } from '../../../domain/names.ts'
import type { SeenLease } from '../../../domain/observation.ts'
import type { LeaseGrant, LeaseName } from '../cluster.ts'
import { ApiError } from './api/api-error.ts'
import type { Api } from './api/api.ts'
import { inParallel } from '../../parallel.ts'
import type { ApiObject } from './projection/api-object.ts'
import { fieldManager, leaseSecret, otherWriter, renewal, seenLease } from './projection/lease.ts'

/*
 * Leases are Secrets, and Secrets are never listed or watched: who may list them reads every one of the namespace. Each is read by its name, which
 * follows from run and attempt, as metadata alone (`PartialObjectMetadata`), so that no token is ever sent to us. What was read is kept for a
 * while: only we write leases, and a person who removes one is noticed when it is read again.
 *
 *   a lease that is there          read again after 60 s
 *   one that is not                after 2 s; our own grant is known at once
 *   of a Job whose trainer began   after 600 s: only the age of its token matters
 *   of a Job that has ended        after 300 s: only its removal is left to do
 *
 * Those never read are read before anything is answered, since a lease that is not known must not look like one that is not there. But for two kinds:
 * where the init container of a pod has compared the lease with its Job and let the trainer begin, it was there and is that Job's; and of Jobs that
 * have ended and are still there nothing is to be known yet. Of these, and of those to be read again, at most 100 are read in one look, the oldest
 * first: ten thousand trainings are looked at in seconds.
 */

const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
const keptMilliseconds = { there: 60_000, absent: 2_000, begun: 600_000, ended: 300_000 }
const readAgainMax = 100
const requestsAtOnce = 16
const rotationTriesMax = 3
const urgencies = ['live', 'once', 'begun', 'none'] as const
/** Of a token of which nothing is known yet: it is not renewed before something is. */
const unknownExpiry = new Date('9999-12-31T00:00:00Z')

/** A lease that is asked for. */
export interface WantedLease extends LeaseName {
  /**
   * `live`: its Job may need it. `once`: it must be known whether it is there. `begun`: the trainer of its Job has begun by it. `none`: its Job has
   * ended and is still there.
   */
  readonly urgency: (typeof urgencies)[number]
  /** Of the Job that asks; empty where there is none any more. */
  readonly jobUid: string
}

export interface Leases {
  /**
   * The leases that are there, of those asked for and of those that were there when last read.
   * @param alone of those asked for alone
   * @throws ApiError
   */
  read(wanted: readonly WantedLease[], alone?: 'alone'): Promise<readonly SeenLease[]>
  /** @throws ApiError */
  grant(lease: LeaseGrant): Promise<void>
  /** @throws ApiError */
  rotate(lease: LeaseGrant): Promise<void>
  /** @throws ApiError */
  remove(name: LeaseName): Promise<void>
}

interface Known {
  readonly name: LeaseName
  readonly lease: SeenLease | null
  /** Milliseconds of a clock that never goes back. */
  readonly readAt: number
}

export function openLeases(api: Api, clock: () => number = () => performance.now()): Leases {
  const known = new Map<string, Known>()

  const remember = (name: LeaseName, lease: SeenLease | null): void => {
    const { namespace, runId, attempt } = name
    known.set(pathOf(name), { name: { namespace, runId, attempt }, lease, readAt: clock() })
  }
  const metadata = async (name: LeaseName): Promise<ApiObject | null> => {
    const found = await orNull(404, () => api.json({ path: pathOf(name), accept: metadataOnly }))
    remember(name, found === null ? null : seenLease(name, found as ApiObject))
    return found as ApiObject | null
  }
  return {
    read: async (wanted, alone) => {
      const all = new Map<string, WantedLease>()
      for (const one of wanted) {
        const before = all.get(pathOf(one))
        if (!before || urgencies.indexOf(one.urgency) < urgencies.indexOf(before.urgency)) all.set(pathOf(one), one)
      }
      for (const [path, { name, lease }] of alone ? [] : known) {
        if (all.has(path)) continue
        if (lease === null) known.delete(path)
        else all.set(path, { ...name, urgency: 'once', jobUid: '' })
      }
      await inParallel(toRead([...all.values()], known, clock()), requestsAtOnce, async (name) => {
        await metadata(name)
      })
      return [...all].flatMap(([path, one]) => (known.get(path) ?? { lease: presumed(one) }).lease ?? [])
    },
    grant: async (lease) => {
      const created = await orNull(409, () =>
        api.json({ method: 'POST', path: collectionOf(lease), body: leaseSecret(lease) }),
      )
      // One that is there was granted before, to this Job or to another one: it stays as it is.
      if (created === null) await metadata(lease)
      else remember(lease, granted(lease))
    },
    rotate: async (lease) => {
      for (let tries = 1; ; tries += 1) {
        const before = await metadata(lease)
        if (before === null || seenLease(lease, before).jobUid !== lease.jobUid) return
        const other = otherWriter(before)
        if (other !== null)
          throw new ApiError(`its token was written by "${other}", and is not overwritten`, { status: 409 })
        const body = renewal(lease, before.metadata?.resourceVersion ?? '')
        const path = `${pathOf(lease)}?fieldManager=${fieldManager}`
        const written = await orNull(409, () =>
          api.json({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json', accept: metadataOnly }),
        )
        if (written !== null) return remember(lease, granted(lease))
        if (tries >= rotationTriesMax)
          throw new ApiError('the lease changed each time it was to be written', { status: 409 })
      }
    },
    remove: async (name) => {
      await orNull(404, () => api.json({ method: 'DELETE', path: pathOf(name) }))
      remember(name, null)
    },
  }
}

/** What of the wanted leases is read now: all that were never read, and some of those that were read too long ago. */
function toRead(wanted: readonly WantedLease[], known: ReadonlyMap<string, Known>, now: number): readonly LeaseName[] {
  const never: LeaseName[] = []
  const again: { readonly name: LeaseName; readonly readAt: number }[] = []
  for (const one of wanted) {
    const before = known.get(pathOf(one))
    const isUrgent = one.urgency === 'live' || one.urgency === 'once'
    if (before === undefined && isUrgent) never.push(one)
    else if (before === undefined || now - before.readAt >= kept(one, before.lease !== null))
      again.push({ name: one, readAt: before?.readAt ?? -Infinity })
  }
  again.sort((left, right) => left.readAt - right.readAt)
  return [...never, ...again.slice(0, readAgainMax).map(({ name }) => name)]
}

function kept({ urgency }: WantedLease, isThere: boolean): number {
  const { there, absent, begun, ended } = keptMilliseconds
  if (urgency === 'once' || urgency === 'none') return ended
  if (!isThere) return absent
  return urgency === 'begun' ? begun : there
}

/** What is known of a lease that was never read. */
function presumed({ runId, attempt, urgency, jobUid }: WantedLease): SeenLease | null {
  return urgency === 'begun' ? { runId, attempt, jobUid, tokenExpiresAt: unknownExpiry } : null
}

function granted({ runId, attempt, jobUid, tokenExpiresAt }: LeaseGrant): SeenLease {
  return { runId, attempt, jobUid, tokenExpiresAt }
}

function collectionOf({ namespace }: Pick<LeaseName, 'namespace'>): string {
  return `/api/v1/namespaces/${namespace}/secrets`
}

function pathOf(name: LeaseName): string {
  return `${collectionOf(name)}/${leaseSecretName(name.runId, name.attempt)}`
}

async function orNull(status: number, ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof ApiError && error.status === status) return null
    throw error
  }
}
