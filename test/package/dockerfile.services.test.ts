import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { followStage, readDockerfile } from './dockerfile.ts'

const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'specyard-dockerfile-'))
const roots = { build: join(folder, 'build'), '': join(folder, 'image') }
const context = join(folder, 'context')
const stages = readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))
const home = join(folder, 'home')

beforeAll(() => {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  for (const path of listed.toString('utf8').split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(context, path)), { recursive: true })
    cpSync(join(root, path), join(context, path), { force: true })
  }
  mkdirSync(home)
  const cache = execFileSync('npm', ['config', 'get', 'cache'], { cwd: root, encoding: 'utf8' }).trim()
  const { NODE_ENV: _, ...inherited } = process.env
  const environment = { ...inherited, HOME: home, npm_config_cache: cache, npm_config_prefer_offline: 'true' }
  for (const stage of stages) followStage(stage, { roots, context, environment })
}, 600_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The program as the image's entrypoint runs it. */
function specyard(...words: readonly string[]) {
  const program = join(roots[''], 'app', 'dist', 'specyard.js')
  return spawnSync(program, words, { encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: home } })
}

describe('the Dockerfile, followed in folders of this machine', () => {
  it('makes a program that starts by itself and knows its version', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const { status, stdout, stderr } = specyard('--version')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('copies all that is needed to check and to compile specs', () => {
    const checked = specyard('--directory', context, 'check')
    expect(checked.stderr).toBe('')
    expect(checked.status).toBe(0)
    const tree = join(folder, 'tree')
    expect(specyard('--directory', context, 'compile', '--to', tree)).toMatchObject({ status: 0 })
    expect(existsSync(join(tree, 'applications'))).toBe(true)
  })

  it('copies the packages that are needed to run, and none that it is built with', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
      devDependencies: Record<string, string>
    }
    const isThere = (name: string) => existsSync(join(roots[''], 'app', 'node_modules', name))
    expect(Object.keys(dependencies).filter((name) => !isThere(name))).toEqual([])
    expect(
      ['typescript', 'vitest', 'oxlint', 'esbuild'].filter((name) => name in devDependencies && isThere(name)),
    ).toEqual([])
  })

  it('pins nothing in secret: the image below it has to be given, and it runs as the user of the chart', () => {
    const text = readFileSync(join(root, 'Dockerfile'), 'utf8')
    expect([...text.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)).toEqual(['${NODE_IMAGE}', '${NODE_IMAGE}'])
    expect(text).toMatch(/^ARG NODE_IMAGE$/m)
    const values = readFileSync(join(root, 'charts', 'specyard', 'values.yaml'), 'utf8')
    expect(/^USER (\d+)$/m.exec(text)?.[1]).toBe(/^user: (\d+)$/m.exec(values)?.[1])
  })
})
