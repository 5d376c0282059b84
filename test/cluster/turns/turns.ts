/*
 * The files of one run share a bed. Those that leave its parts alone go on beside each other; one that stops or breaks a part has the bed to itself.
 */

/** Who asked first goes on first: one that wants the bed to itself waits for those before it, and those after it wait for its end. */
export interface Turns {
  /**
   * @param isAlone whether nobody else may go on meanwhile
   * @param begin called once it may go on, at once where it may
   * @returns what ends the turn, or takes the wish back; calling it again changes nothing
   */
  ask(isAlone: boolean, begin: () => void): () => void
}

interface Turn {
  readonly isAlone: boolean
  readonly begin: () => void
}

export function createTurns(): Turns {
  const waiting: Turn[] = []
  const running = new Set<Turn>()
  const mayBegin = ({ isAlone }: Turn): boolean =>
    isAlone ? running.size === 0 : [...running].every((one) => !one.isAlone)
  const goOn = (): void => {
    for (let next = waiting[0]; next !== undefined && mayBegin(next); next = waiting[0]) {
      waiting.shift()
      running.add(next)
      next.begin()
    }
  }
  return {
    ask: (isAlone, begin) => {
      const turn = { isAlone, begin }
      waiting.push(turn)
      goOn()
      return () => {
        running.delete(turn)
        const place = waiting.indexOf(turn)
        if (place >= 0) waiting.splice(place, 1)
        goOn()
      }
    },
  }
}
