/*
 * The words of the lifecycle API, which knows three environments. Names of Environments are free: the customary ones stand for the three, any
 * other one is called as it is.
 */

const customary = [
  ['development', 'dev'],
  ['staging', 'stg'],
  ['production', 'prod'],
] as const

/** What the lifecycle API calls an environment. */
export function lifecycleEnvironment(name: string): string {
  return customary.find((names) => names.some((one) => one === name))?.[0] ?? name
}

/** The names that an Environment may have which the lifecycle API calls so, the customary one first. */
export function environmentNames(word: string): readonly string[] {
  const names = customary.find((one) => one.some((name) => name === word))
  return names ? [names[1], names[0]] : [word]
}
