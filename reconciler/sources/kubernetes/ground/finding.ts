/** One thing that Specyard depends on and that others have to provide. */
export interface Finding {
  /** `unknown`: this identity may not look; nothing is wrong by that. */
  readonly outcome: 'ok' | 'problem' | 'unknown'
  /** What was looked at, and what it is. */
  readonly message: string
  /** What a person can do. */
  readonly remedy?: string
}

export const ok = (message: string): Finding => ({ outcome: 'ok', message })
export const problem = (message: string, remedy: string): Finding => ({ outcome: 'problem', message, remedy })
export const unknown = (message: string): Finding => ({ outcome: 'unknown', message })
