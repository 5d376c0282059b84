import { describe, expect, it } from 'vitest'
import { builtProgram } from '../support/main-job/built.ts'
import { expectWhole } from '../support/main-job/invariants.ts'
import { beginLife, killAt, type Milestone, Missed, settle } from '../support/main-job/life.ts'
import { milestones as at } from '../support/main-job/milestones.ts'

/*
 * Killed with SIGKILL at any moment and started again: nothing lost, nothing run twice. Each life is one state folder whose `up` is killed
 * at one point of the main job after the other, always at one that had not been reached before, and in the end is let settle.
 */

interface Told {
  readonly points: readonly Milestone[]
  /** What the specs say otherwise. */
  readonly edit?: (specs: string) => string
  /** Whether trainers are killed too, so that they resume inside their attempt. */
  readonly disrupted?: boolean
}

const lives: Readonly<Record<string, Told>> = {
  'while everything is made for the first time': {
    points: [at.lock, at.deployRepository, at.databaseBegun, at.database, at.publication, at.lease, at.keeper],
  },
  'while a model is trained, registered and served': {
    edit: (specs) => specs.replace(/samplesPerEpoch: \d+/, 'samplesPerEpoch: 53000'),
    points: [
      ...[at.port, at.job, at.heartbeat, at.halfway, at.trainerEnd],
      ...[at.registration, at.server, at.healthy, at.stopping],
    ],
  },
  'while an attempt fails, is tried again and retires': {
    edit: (specs) => specs.replaceAll(/^ {2}timeoutSeconds: 900$/gm, '$&\n  ttlSecondsAfterFinished: 1'),
    points: [
      ...[at.failure, at.retry, at.secondLease, at.secondTrainer],
      ...[at.secondCheckpoint, at.secondEnd, at.conclusion, at.retirement],
    ],
  },
  'together with the machine, and with a keeper alone': {
    // Longer than a start of `up` takes, so that its trainer still runs when the machine dies.
    edit: (specs) => specs.replace(/samplesPerEpoch: \d+/, 'samplesPerEpoch: 73000'),
    points: [at.trainer, at.machine, at.keeperAlone],
    disrupted: true,
  },
}

const livesMax = 3
const lifeMillisecondsMax = 900_000

/** A point that went by before the kill asks for a new life: a test that did not kill there has shown nothing. */
async function live(told: Told): Promise<void> {
  for (let number = 1; ; number += 1) {
    const life = beginLife(builtProgram())
    try {
      life.example.edit('specs/handbook/training.yaml', told.edit ?? ((specs) => specs))
      for (const point of told.points) await killAt(life, point)
      await expectWhole(life, await settle(life), told.disrupted)
      return
    } catch (error) {
      if (!(error instanceof Missed) || number === livesMax) throw error
    } finally {
      await life.example.remove()
    }
  }
}

describe.concurrent('specyard up, killed and started again, settles with nothing lost and nothing run twice', () => {
  it('at twenty different points at least', () => {
    const names = Object.values(lives).flatMap(({ points }) => points.map(({ name }) => name))
    expect(new Set(names).size).toBeGreaterThanOrEqual(20)
  })

  for (const [when, told] of Object.entries(lives)) {
    it(`${when}: ${told.points.map(({ name }) => name).join('; ')}`, () => live(told), lifeMillisecondsMax)
  }
})
