import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

it('every source in TypeScript lies in a folder whose types are checked', () => {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as { include: readonly string[] }
  const outside = readdirSync(root, { withFileTypes: true }).filter(
    ({ name }) => !include.includes(name) && !name.startsWith('.') && !['node_modules', 'dist'].includes(name),
  )
  const files = outside.flatMap((entry) =>
    entry.isDirectory()
      ? readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' }).map(
          (path) => `${entry.name}/${path}`,
        )
      : [entry.name],
  )
  expect(files.length).toBeGreaterThan(100)
  expect(files.filter((path) => path.endsWith('.ts'))).toEqual([])
})
