import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/* write-files-once <from> <to>: writes the files of one folder into another, and does nothing else: what no compiler can do without. */

const [from = '', to = ''] = process.argv.slice(2)
const made = new Set<string>()
for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const path = join(entry.parentPath, entry.name)
  const target = join(to, path.slice(from.length))
  if (!made.has(dirname(target))) mkdirSync(dirname(target), { recursive: true })
  made.add(dirname(target))
  writeFileSync(target, readFileSync(path))
}
