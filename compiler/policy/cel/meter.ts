/** Steps that the expressions of one policy may take over one manifest: iterations, and characters that are searched by the hundred. */
export const stepsMax = 50_000
const charactersOfStep = 100

/**
 * Counts what an evaluation costs. Logic of CEL takes in errors (`true || error` is true), so having run out is remembered: whoever asks for the
 * result looks at `isSpent` first, and until then every further step fails at once.
 */
export class Meter {
  private left = stepsMax
  private readonly stop = new Error(`the expression takes more than ${stepsMax} steps`)

  get isSpent(): boolean {
    return this.left < 0
  }

  refill(): void {
    this.left = stepsMax
  }

  /** @throws when there are none left */
  step(steps = 1): true {
    this.left -= steps
    if (this.left < 0) throw this.stop
    return true
  }

  search(characters: number): void {
    this.step(1 + Math.floor(characters / charactersOfStep))
  }
}
