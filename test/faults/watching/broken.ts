import { setTimeout as pause } from 'node:timers/promises'
import { projectRules } from '../../../reconciler/sources/kubernetes/rules.ts'
import type { ConnectedKubernetes } from '../../../reconciler/sources/kubernetes/connect.ts'
import { until } from '../../cluster/base/wait.ts'
import { type Cluster, makeNamespace, removeNamespace } from '../../cluster/support/cluster.ts'
import { forgetHistory, kill, revive, untilReady } from '../../cluster/support/faults.ts'
import { makeIdentity } from '../../cluster/support/identities.ts'
import { type ClusterStage, createFindings, type Findings, type Outcome } from '../promise.ts'
import { createRandom, type Random } from '../random.ts'
import { type Meddler, type Mischief, openMeddler } from './meddler.ts'
import { createScene, type Scene } from './scene.ts'
import { differenceOf, followBy } from './view.ts'

/*
 * P11: a namespace of a real API server, followed while everything goes wrong on the way there or in it. After each fault our view must be what a fresh
 * list says within 30 s; while nothing comes through, the staleness must say so.
 */

const mendedSecondsMax = 30
/** A view that is not mended then is not going to be: the check ends. */
const hopelessSeconds = 90
/** By how much what is measured may be behind what was done, on a busy machine. */
const slackSeconds = 1

const onTheWay = ['cut', 'half-open', 'truncated', 'slow', 'too many requests', 'unavailable'] as const
const kinds = [...onTheWay, 'history forgotten', 'API server killed'] as const
type Kind = (typeof kinds)[number]
/** Nothing is heard of the API server during these. */
const silencing: readonly Kind[] = ['cut', 'half-open', 'too many requests', 'unavailable']

export async function breakWatches({ cluster, seed, count, isOver, say }: ClusterStage): Promise<Outcome> {
  const namespace = await makeNamespace(cluster, 'broken')
  const meddler = await openMeddler(cluster)
  const random = createRandom(seed, 'broken')
  const scene = createScene(cluster, namespace, random)
  let following: ConnectedKubernetes | undefined
  try {
    for (let number = 0; number < 3; number += 1) await scene.add()
    const identity = await makeIdentity(cluster, namespace, 'specyard', projectRules)
    following = await followBy(cluster, namespace, identity, meddler.url)
    const followed = following
    const isEqual = async () => (await differenceOf(cluster, followed, namespace)) === undefined
    await until('our first view', isEqual, { seconds: mendedSecondsMax, everyMilliseconds: 50 })
    const findings = createFindings()
    const seen: Seen = { mended: [], counts: Object.fromEntries(kinds.map((kind) => [kind, 0])), silences: 0 }
    for (let number = 1; number <= count && !isOver(); number += 1) {
      // Each kind once before chance decides.
      const kind = kinds[number - 1] ?? random.pick(kinds)
      const name = `fault ${number}, ${kind}`
      await breakOnce({ cluster, namespace, meddler, following, scene, random, findings, seen }, kind, name)
      if (number % 20 === 0) say(`${number} of ${count} faults`)
    }
    const sorted = seen.mended.sort((left, right) => left - right)
    return {
      counts: {
        faults: seen.mended.length,
        ...seen.counts,
        ...meddler.done,
        'silences that the staleness told': seen.silences,
        'seconds until mended, middle': sorted[sorted.length >> 1] ?? 0,
        'seconds until mended, longest': sorted.at(-1) ?? 0,
      },
      violations: findings.all(),
    }
  } finally {
    await following?.close()
    await meddler.close()
    await removeNamespace(cluster, namespace)
  }
}

interface Seen {
  /** Seconds from the end of each fault until view and list were the same. */
  readonly mended: number[]
  readonly counts: Record<string, number>
  silences: number
}

interface Broken {
  readonly cluster: Cluster
  readonly namespace: string
  readonly meddler: Meddler
  readonly following: ConnectedKubernetes
  readonly scene: Scene
  readonly random: Random
  readonly findings: Findings
  readonly seen: Seen
}

async function breakOnce(broken: Broken, kind: Kind, name: string): Promise<void> {
  const { cluster, following, namespace, findings, seen } = broken
  await inflict(broken, kind, name)
  const ended = performance.now()
  let difference: string | undefined = 'there was no view'
  const isMended = async () => {
    difference = await differenceOf(cluster, following, namespace)
    return difference === undefined && isFresh(following)
  }
  await until('our view to be mended', isMended, { seconds: hopelessSeconds, everyMilliseconds: 25 }).catch((cause) => {
    throw new Error(`${name}: ${String(cause)}; ${difference ?? 'it is equal'}; ${stalenessText(following)}`, { cause })
  })
  const seconds = (performance.now() - ended) / 1000
  seen.mended.push(seconds)
  seen.counts[kind] = (seen.counts[kind] ?? 0) + 1
  findings.expect(seconds <= mendedSecondsMax, () => `${name}: mended after ${seconds.toFixed(1)} s`)
}

/** Does it, with changes before or during it, and mends it. */
async function inflict(broken: Broken, kind: Kind, name: string): Promise<void> {
  const { cluster, meddler, random, scene } = broken
  if (kind === 'API server killed') {
    await kill(cluster, 'kube-apiserver')
    await pause(random.between(0, 1000))
    revive(cluster, 'kube-apiserver')
    await untilReady(cluster.kubernetes)
    return scene.change()
  }
  if (kind === 'history forgotten') {
    meddler.begin('cut')
    await scene.change()
    await forgetHistory(cluster)
    return meddler.end()
  }
  const isBefore = random.chance(0.3)
  if (isBefore) await scene.change()
  const began = performance.now()
  meddler.begin(kind satisfies Mischief)
  if (!isBefore) await scene.change()
  await pause(random.between(200, 3000))
  if (silencing.includes(kind)) await expectSilence(broken, began, name)
  meddler.end()
}

/** What nothing was heard of since `began` must not be told to be younger. */
async function expectSilence({ following, findings, seen }: Broken, began: number, name: string): Promise<void> {
  const silent = (performance.now() - began) / 1000 - slackSeconds
  for (const { name: collection, ageSeconds } of following.staleness()) {
    const isTrue = ageSeconds === null || ageSeconds >= silent
    findings.expect(
      isTrue,
      () => `${name}: ${collection} is said to be ${ageSeconds} s old after ${silent} s of silence`,
    )
  }
  seen.silences += 1
}

/** Whether Jobs and pods are told to be confirmed just now, and no error any more. */
function isFresh(following: ConnectedKubernetes): boolean {
  const ours = following.staleness().filter(({ name }) => /^(jobs|pods) in /.test(name))
  return ours.length === 2 && ours.every(({ ageSeconds, error }) => error === null && (ageSeconds ?? 60) < 5)
}

function stalenessText(following: ConnectedKubernetes): string {
  return following
    .staleness()
    .map(({ name, ageSeconds, error }) => `${name}: ${ageSeconds} s, ${error}`)
    .join('; ')
}
