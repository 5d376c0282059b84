import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { bundle, bundledPackages, licencesOf } from '../../tools/bundle.ts'

const root = join(import.meta.dirname, '..', '..')

it('the bundle holds parts of the packages that are listed, with their licences, and of no others', async () => {
  const { metafile } = await build({ ...bundle, absWorkingDir: root, outdir: 'dist', write: false, metafile: true })
  const parts = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs))
  const packages = parts.flatMap((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [])
  expect([...new Set(packages)].sort()).toEqual([...bundledPackages].sort())
  const licences = await licencesOf(root)
  for (const name of bundledPackages)
    expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\n\\n[^]{500}`, 'm'))
})

it('checking specs loads no driver, no client of a cluster, and nothing that is not needed', async () => {
  const { metafile } = await build({ ...bundle, absWorkingDir: root, outdir: 'dist', write: false, metafile: true })
  const outputs = new Map(Object.entries(metafile.outputs))
  const entryOf = (path: string): string => [...outputs].find(([, output]) => output.entryPoint === path)?.[0] ?? ''
  const seen = new Set<string>()
  const outside = new Set<string>()
  const follow = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    for (const { path, kind, external } of outputs.get(name)?.imports ?? []) {
      if (kind !== 'import-statement') continue
      if (external) outside.add(path)
      else follow(path)
    }
  }
  for (const entry of ['cli/main.ts', 'cli/commands/check.ts', 'cli/commands/compile.ts', 'cli/report/human.ts'])
    follow(entryOf(entry))
  expect([...outside].filter((path) => !path.startsWith('node:'))).toEqual([])
  const bytes = [...seen].reduce((sum, name) => sum + (outputs.get(name)?.bytes ?? 0), 0)
  expect(bytes).toBeLessThan(1_500_000)
})
