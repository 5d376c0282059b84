import type { DeployOptions } from '../../../../publisher/deploy.ts'

export interface Server {
  /** Of a repository on it. */
  readonly url: string
  /** Requests that it has got. */
  hits(): number
  close(): Promise<void>
}

/** What a file of this machine says that nobody may read. */
export const secretWords = 'the secret of this machine'

/** What a hostile case has at hand. */
export interface Ground {
  /** A folder of this case alone. */
  readonly folder: string
  /** A command that shows itself when it is run; its name has no character that a shell or Git reads as anything else. */
  readonly command: string
  /** A file of this machine that nobody may read. */
  readonly secretFile: string
  /** Stands for an address that only this machine reaches. */
  readonly metadata: Server
  readonly server: Server
  options(url: string): DeployOptions
}

/** One way in which a repository, its server or its address may be hostile. */
export interface HostileCase {
  readonly title: string
  run(ground: Ground): Promise<void>
}
