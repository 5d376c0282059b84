/**
 * Makes this process one that does a work each time its parent names it (`startRounds`), answers with the seconds that it took, and ends when it is let go.
 */
export function answerRounds(works: Readonly<Record<string, () => void>>): void {
  process.on('message', (name: string) => {
    const work = works[name]
    if (!work) throw new Error(`nothing is known of ${name}`)
    const began = performance.now()
    work()
    process.send?.((performance.now() - began) / 1000)
  })
  process.on('disconnect', () => process.exit(0))
}
