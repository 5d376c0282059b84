import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../cluster/base/ports.ts'
import { buildProgram, endOf, type Running, startProgram, untilSaid } from '../../support/main-job/program.ts'

/*
 * `specyard serve` as people run it, built from the sources, at a port that stays the same over restarts.
 */

export const signingKey = 'a signing key of the checks, of more than thirty-two bytes'

export interface Service {
  readonly url: string
  /** Starts it and waits until it serves. @throws Error with what it said when it ends instead */
  start(): Promise<void>
  kill(): Promise<void>
  /** What it has said over all its lives. */
  said(): string
  /** Ends that nobody asked for. */
  crashes(): number
  close(): Promise<void>
}

/** @param environment DATABASE_URL and what else it is to know */
export async function openService(environment: Readonly<Record<string, string>>): Promise<Service> {
  const program = buildProgram()
  const folder = mkdtempSync(join(tmpdir(), 'specyard-faults-service-'))
  writeFileSync(join(folder, 'specyard.yaml'), 'apiVersion: specyard.dev/v1\nkind: Settings\n')
  const port = await freePort()
  let running: Running | undefined
  let said = ''
  let crashes = 0
  let asked = false
  const start = async (): Promise<void> => {
    asked = false
    const words = ['serve', '--no-reconcile', '--port', String(port)]
    const own = startProgram(program, folder, words, {
      environment: { ...environment, SPECYARD_SIGNING_KEY: signingKey },
    })
    running = own
    void own.ended.then(() => {
      said = (said + own.said()).slice(-100_000)
      if (!asked) crashes += 1
    })
    await untilSaid(own, /API +http/)
  }
  const kill = async (): Promise<void> => {
    if (!running || running.hasEnded()) return
    asked = true
    running.kill('SIGKILL')
    await endOf(running, 20)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ start, kill },
    said: () => (running?.hasEnded() ? said : said + (running?.said() ?? '')),
    crashes: () => crashes,
    close: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
      program.remove()
    },
  }
}
