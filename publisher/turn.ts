/** Has works of which each waits for the ones before it, whether those ended well or not. */
export function createTurn(): <Value>(work: () => Promise<Value>) => Promise<Value> {
  let before: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = before.then(work)
    before = done.catch(() => undefined)
    return done
  }
}
