import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { publishOperations } from '../../../cli/house/operations.ts'
import { openDeploy, openSpecs } from '../../../cli/house/repositories.ts'
import { type Settings, settingsFrom } from '../../../cli/house/settings.ts'
import { publishSpecs } from '../../../cli/specs/publish-specs.ts'
import { readRunLedger } from '../../../domain/ledger-files.ts'
import { readTrailers } from '../../../publisher/message.ts'
import { gpuEnvironments, gpuTraining } from '../../support/impact.ts'
import { bareEnvironment, commitFiles, gitIn, us, workRepository } from '../../support/publisher.ts'
import { createFindings, type Findings, type Outcome, type Stage } from '../promise.ts'
import { createRandom } from '../random.ts'
import { commitsOf, openScene, type Scene } from './scene.ts'

/*
 * P26: every commit of ours names its request, the spec that it is about and the commit that this was read from, and carries our signature where
 * signing is configured. A commit that copies all of that under our address, without our signature, is not taken for ours.
 */

const settingsText = 'apiVersion: specyard.dev/v1\nkind: Settings\ndeploy: { repository: ../deploy.git }\n'
const key = { environment: 'prod', project: 'language', name: 'letters' }

export async function attribute({ seed, count, isOver, say }: Stage): Promise<Outcome> {
  const findings = createFindings()
  const random = createRandom(seed, 'attributed')
  const scene = await openScene()
  try {
    const home = await homeWithKey(scene, 'ours')
    const rival = await homeWithKey(scene, 'rival')
    const environment = { ...bareEnvironment, HOME: home }
    const root = await workRepository(join(scene.folder, 'specs'), {
      'specyard.yaml': settingsText,
      '.gitignore': '.specyard/\n',
      'specs/environments.yaml': gpuEnvironments,
      'specs/letters.yaml': gpuTraining('letters'),
    })
    const settings: Settings = settingsFrom(settingsText, root, environment)
    const opened = {
      settings,
      deploy: await openDeploy(settings, environment, () => new Date()),
      specs: await openSpecs(settings, environment, () => new Date()),
      pullRequests: undefined,
    }
    const forged = new Set<string>()
    let round = 0
    for (; commitsOf(scene.url).length - forged.size < count && !isOver(); round += 1) {
      if (round % 25 === 24) say(`${commitsOf(scene.url).length} commits`)
      await commitFiles(root, { 'specs/letters.yaml': gpuTraining('letters', `  env: { ROUND: "${round}" }\n`) })
      await publishSpecs(opened)
      if (random.chance(0.5)) await cancelNewest(opened)
      if (random.chance(0.3)) forged.add(forge(scene, random.chance(0.5) ? rival : null, round))
    }
    const ours = commitsOf(scene.url).filter((commit) => !forged.has(commit))
    for (const commit of ours) checkCommit(scene, root, home, commit, findings)
    const requests = new Set(ours.map((commit) => trailersOf(scene, commit)?.requestId))
    findings.expect(requests.size === ours.length, () => `${ours.length} commits name ${requests.size} requests`)
    const believed = (await opened.deploy.log([], () => Promise.resolve())).map(({ commit }) => commit)
    findings.expect(
      believed.length === ours.length && believed.every((commit, index) => commit === ours[index]),
      () => `${ours.length} commits are ours, and ${believed.length} are taken for ours`,
    )
    const drifted = new Set((await opened.deploy.read()).drifted.map(({ commit }) => commit))
    const trusted = [...forged].filter((commit) => !drifted.has(commit) || believed.includes(commit))
    findings.expect(trusted.length === 0, () => `forged commits were trusted: ${trusted.join(', ')}`)
    const operations = ours.filter((commit) => trailersOf(scene, commit)?.action === 'cancel').length
    return {
      counts: {
        ...{ commits: ours.length, 'of them operations': operations },
        ...{ forged: forged.size, 'forged and trusted': trusted.length },
      },
      violations: findings.all(),
    }
  } finally {
    await scene.close()
  }
}

/** A home whose Git signs with an SSH key of its own, as a person sets it up. */
async function homeWithKey(scene: Scene, name: string): Promise<string> {
  const home = join(scene.folder, name)
  await mkdir(home)
  const path = join(home, 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path], { stdio: 'ignore' })
  const allowed = join(home, 'allowed')
  const publicKey = execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' }).trim()
  writeFileSync(allowed, `${us.email} ${publicKey}\n`)
  writeFileSync(
    join(home, '.gitconfig'),
    `[commit]\n\tgpgSign = true\n[user]\n\tsigningKey = ${path}\n[gpg]\n\tformat = ssh\n[gpg "ssh"]\n\tallowedSignersFile = ${allowed}\n`,
  )
  return home
}

async function cancelNewest(opened: Parameters<typeof publishSpecs>[0]): Promise<void> {
  const { deploy, settings } = opened
  const run = readRunLedger((await deploy.read()).files, key)?.runs.find(({ status }) => status === 'active')
  if (!run) return
  const address = { url: settings.deployUrl, branch: settings.deployBranch }
  await publishOperations(deploy, [{ kind: 'cancel', key, runId: run.id, reason: 'REQUESTED' }], address)
}

/** A commit by a person who writes all that we write: our address, our trailers, and, with a home, a signature of another key. */
function forge({ url }: Scene, home: string | null, round: number): string {
  const text = gitIn(url, 'cat-file', 'commit', 'main')
  const message = text
    .slice(text.indexOf('\n\n') + 2)
    .replace(/(?<=Specyard-Request: )\S{8}/, round.toString(16).padStart(8, '0'))
  const path = `charts/forged-${round}.yaml`
  const stream =
    `commit refs/heads/forged\ncommitter ${us.name} <${us.email}> 1770000000 +0000\ndata ${Buffer.byteLength(message)}\n${message}\n` +
    `from refs/heads/main^0\nM 100644 inline ${path}\ndata 6\nforged\n`
  const git = (words: readonly string[], input: string): string =>
    execFileSync('git', [...words], {
      cwd: url,
      input,
      encoding: 'utf8',
      env: {
        ...bareEnvironment,
        ...{ HOME: home ?? '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
        ...{ GIT_AUTHOR_NAME: us.name, GIT_AUTHOR_EMAIL: us.email },
        ...{ GIT_COMMITTER_NAME: us.name, GIT_COMMITTER_EMAIL: us.email },
      },
    }).trim()
  git(['fast-import', '--quiet', '--force'], stream)
  const signed = home === null ? [] : ['-S']
  const commit = git(['commit-tree', ...signed, '-p', 'main', '-F', '-', 'forged^{tree}'], message)
  git(['update-ref', 'refs/heads/main', commit], '')
  return commit
}

function trailersOf({ url }: Scene, commit: string): ReturnType<typeof readTrailers> {
  const text = gitIn(url, 'cat-file', 'commit', commit)
  return readTrailers(text.slice(text.indexOf('\n\n') + 2))
}

function checkCommit(scene: Scene, root: string, home: string, commit: string, findings: Findings): void {
  const said = trailersOf(scene, commit)
  findings.expect(said !== undefined, () => `${commit} names no request`)
  findings.expect(said?.specs.join() === 'specs/letters.yaml', () => `${commit} names the specs ${said?.specs.join()}`)
  const isThere = succeeds(root, home, ['cat-file', '-e', `${said?.sourceCommit}:${said?.specs[0]}`])
  findings.expect(isThere, () => `${commit} names the source ${said?.sourceCommit}, where there is no such spec`)
  const verified = succeeds(scene.url, home, ['verify-commit', commit])
  findings.expect(verified, () => `${commit} has no good signature of ours`)
}

function succeeds(folder: string, home: string, words: readonly string[]): boolean {
  try {
    const env = { ...bareEnvironment, HOME: home, GIT_CONFIG_NOSYSTEM: '1' }
    execFileSync('git', [...words], { cwd: folder, env, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
