import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Listening, listen } from '../../api/listen.ts'
import { isFault } from '../../domain/fault.ts'
import { diskFault } from '../../local/process/disk-fault.ts'
import { writeWhole } from '../../local/process/files.ts'

/** Holds the port, in decimal, at which the last `up` of this state folder answered. */
const portFile = 'port'

/**
 * Takes the port of the API. Where any will do, the one that the last `up` of this state folder had comes first: a training that outlived
 * that `up` goes on reporting there. Another one only where somebody has taken it meanwhile.
 * @param port 0 for any
 * @throws Fault PORT_BUSY, FILE_FAILED, DISK_FULL
 */
export async function listenAgain(stateFolder: string, port: number): Promise<Listening> {
  const path = join(stateFolder, portFile)
  const last = port === 0 ? await readPort(path) : undefined
  const listening = (last === undefined ? undefined : await listenIfFree(last)) ?? (await listen(port))
  try {
    const taken = new URL(listening.url).port
    if (last === undefined || taken !== String(last)) writeWhole(path, `${taken}\n`, 0o644)
    return listening
  } catch (error) {
    await listening.close()
    throw diskFault(error, `the port could not be kept in ${path}`)
  }
}

async function listenIfFree(port: number): Promise<Listening | undefined> {
  try {
    return await listen(port)
  } catch (error) {
    if (isFault(error, 'PORT_BUSY')) return undefined
    throw error
  }
}

/** Undefined where no port is kept, or what is kept is none. */
async function readPort(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const port = /^[1-9][0-9]{0,4}$/.test(text.trim()) ? Number(text) : 0
  return port > 0 && port <= 65_535 ? port : undefined
}
