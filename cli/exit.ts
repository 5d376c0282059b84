/** Exit codes of every command, as `specyard --help` states them. */
export const exitCodes = {
  fine: 0,
  /** Problems in specs, or a run or endpoint that failed. */
  problems: 1,
  /** Wrong use of the command line. */
  usage: 2,
  /** The outside world failed, or a time limit passed. */
  outside: 3,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
