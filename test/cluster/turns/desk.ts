import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createTurns } from './turns.ts'

/*
 * Test files are processes of their own. Each has a connection to the run's desk as long as its turn lasts, so that a file whose process dies,
 * however it dies, has ended its turn.
 */

export interface Desk {
  /** On 127.0.0.1. */
  readonly port: number
  close(): Promise<void>
}

const alone = 'alone'
const beside = 'beside'
const go = 'go'

export async function openDesk(): Promise<Desk> {
  const turns = createTurns()
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let end = () => {}
    socket.once('data', (wish) => {
      end = turns.ask(wish.toString() === alone, () => socket.write(go))
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/**
 * Waits for a turn, for as long as it takes.
 * @returns what ends it
 * @throws Error where the run that gives out turns has ended
 */
export async function takeTurn(port: number, isAlone: boolean): Promise<() => void> {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    const why = 'no turn at the test bed: the run that gives them out has ended'
    socket.once('data', () => resolve())
    socket.once('error', (cause) => reject(new Error(why, { cause })))
    socket.once('close', () => reject(new Error(why)))
    socket.once('connect', () => socket.write(isAlone ? alone : beside))
  })
  socket.on('error', () => socket.destroy())
  return () => socket.destroy()
}
