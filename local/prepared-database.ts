import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompress } from 'node:zlib'

/*
 * To make a database and to migrate it is most of the work of a first start: six seconds of a processor. So one is made when the program is built, and
 * shipped with it (`tools/prepared-database.ts`): the folder of a server that ended in an orderly way, as a tar archive under Brotli.
 */

const unpacked = promisify(brotliDecompress)

/** The archive of a prepared database. @returns undefined where there is none that can be read: then one is made */
export async function readPreparedDatabase(file: string): Promise<Buffer<ArrayBuffer> | undefined> {
  try {
    return Buffer.from(await unpacked(await readFile(file)))
  } catch {
    return undefined
  }
}

const block = 512
const folderType = '5'

/**
 * Writes the files of an archive into a folder, which is made. In one go: a thousand small files take a tenth of a second, and several when each is
 * handed to another thread.
 * @param archive as PGlite makes it: names of at most 100 characters that begin with a slash, folders before what is in them
 */
export function unpackDatabase(archive: Buffer, folder: string): void {
  const privateFolder = { mode: 0o700 }
  mkdirSync(folder, privateFolder)
  for (let at = 0; at < archive.length && archive[at] !== 0;) {
    const header = archive.subarray(at, at + block)
    const path = join(folder, text(header, 0, 100))
    const size = Number.parseInt(text(header, 124, 136), 8)
    at += block
    if (text(header, 156, 157) === folderType) mkdirSync(path, privateFolder)
    else writeFileSync(path, archive.subarray(at, at + size), { mode: 0o600 })
    at += Math.ceil(size / block) * block
  }
}

/** A field of a header: up to the first zero. */
function text(header: Buffer, from: number, to: number): string {
  const field = header.toString('latin1', from, to)
  const end = field.indexOf('\0')
  return end < 0 ? field : field.slice(0, end)
}
