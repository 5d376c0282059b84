import { afterAll, beforeAll, describe, it } from 'vitest'
import { expectWhole } from '../support/main-job/invariants.ts'
import { beginLife, killAt, type Life, type Milestone, Missed, settle } from '../support/main-job/life.ts'
import { milestones as at } from '../support/main-job/milestones.ts'
import { buildProgram, type Program } from '../support/main-job/program.ts'

/*
 * Killed with SIGKILL at any moment and started again: nothing lost, nothing run twice. Each life is one state folder whose `up` is killed
 * at one point of the main job after the other, always at one that had not been reached before, and in the end is let settle.
 */
let program: Program
beforeAll(() => {
  program = buildProgram()
})
afterAll(() => program.remove())

interface Told {
  readonly points: readonly Milestone[]
  /** How much there is to learn in an epoch: the more, the longer a training takes. */
  readonly samples: number
  /** What the specs say otherwise. */
  readonly edit?: (life: Life) => void
  /** How often the trainers of each name lose their machine. */
  readonly disruptions?: Readonly<Record<string, number>>
}

const shortLived = ({ example }: Life): void =>
  example.edit('specs/handbook/training.yaml', (text) =>
    text.replaceAll(/^  timeoutSeconds: 900$/gm, '  timeoutSeconds: 900\n  ttlSecondsAfterFinished: 1'),
  )

const lives: Readonly<Record<string, Told>> = {
  'while everything is made for the first time': {
    samples: 8000,
    points: [at.lock, at.databaseBegun, at.database, at.deployRepository, at.publication, at.lease, at.keeper],
  },
  'while a training runs and ends': {
    samples: 40_000,
    points: [at.port, at.job, at.trainer, at.heartbeat, at.halfway, at.trainerEnd, at.version],
  },
  'while an attempt fails, is tried again and retires': {
    samples: 20_000,
    edit: shortLived,
    points: [
      ...[at.failure, at.retry, at.secondLease, at.secondTrainer],
      ...[at.secondCheckpoint, at.secondEnd, at.conclusion, at.retirement],
    ],
  },
  'while a model is registered and served': {
    samples: 8000,
    points: [at.registration, at.endpoint, at.server, at.healthy, at.stopping],
  },
  'with the machine, and with a keeper': {
    samples: 40_000,
    points: [at.machine, at.keeperAlone],
    disruptions: { 'handbook-lm': 1 },
  },
}

const livesMax = 3

/** A point that went by before the kill asks for a new life: a test that did not kill there has shown nothing. */
async function live(told: Told): Promise<void> {
  for (let number = 1; ; number += 1) {
    const life = beginLife(program, told.samples)
    try {
      told.edit?.(life)
      for (const point of told.points) await killAt(life, point)
      await expectWhole(life, await settle(life), told.disruptions)
      return
    } catch (error) {
      if (!(error instanceof Missed) || number === livesMax) throw error
    } finally {
      await life.example.remove()
    }
  }
}

describe.concurrent('specyard up, killed and started again, settles with nothing lost and nothing run twice', () => {
  for (const [when, told] of Object.entries(lives)) {
    it(`${when}: ${told.points.map(({ name }) => name).join('; ')}`, () => live(told))
  }
})
