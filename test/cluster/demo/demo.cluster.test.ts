import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../base/command.ts'
import { until } from '../base/wait.ts'
import { type ClusterCommand, startClusterCommand } from '../bed/cluster-command.ts'
import { hasRealNode } from '../support/cluster.ts'
import { remains } from '../teardown.ts'

/* `npm run cluster -- --demo` as a stranger uses it: start it, read, copy the lines that it prints into a shell, end it by Ctrl-C. */

describe.runIf(hasRealNode())('npm run cluster -- --demo', () => {
  let demo: ClusterCommand
  let folder = ''
  /** The lines that make a shell of the one that it runs in. */
  let prepare = ''
  const inShell = (line: string): Promise<string> => run('sh', ['-c', `${prepare}\n${line}`])
  const printed = (pattern: RegExp): string => {
    const found = pattern.exec(demo.said.text)?.[1]
    if (found === undefined) throw new Error(`${pattern} is not in what it said:\n${demo.said.text}`)
    return found
  }

  beforeAll(async () => {
    demo = startClusterCommand(['--demo'])
    void demo.ended.then((code) => (demo.said.text += `\nended with ${code}`))
    await until('the demo to be ready', () => /to stop it: {5}Ctrl-C|ended with/.test(demo.said.text), {
      seconds: 480,
    }).catch((error: unknown) => Promise.reject(new Error(`${String(error)}\n${demo.said.text}`)))
    folder = dirname(dirname(printed(/export KUBECONFIG=(\S+)/)))
    // In a script an alias is not looked at; a program of that name on the PATH is the same to a reader.
    const programs = join(folder, 'try')
    mkdirSync(programs)
    for (const name of ['kubectl', 'specyard'])
      symlinkSync(printed(new RegExp(`^alias ${name}=(.*)`, 'm')), join(programs, name))
    prepare = `export KUBECONFIG=${folder}/kubeconfigs/admin.yaml PATH=${programs}:$PATH`
  }, 600_000)
  afterAll(() => demo.child.kill('SIGKILL'))

  it('shows what happens while it happens: what waits, what trains, what failed and is tried again', () => {
    for (const line of [
      /^dev\/language\/handbook-lm {2}RUNNING$/m,
      /^dev\/language\/handbook-lm {2}epoch \d+\/16 {2}\(\d+ %\)$/m,
      /^dev\/language\/handbook-retry {2}PENDING {2}attempt 2/m,
      /^dev\/language\/handbook {2}waiting {2}WAITING_FOR_MODEL/m,
      /^language\/handbook-lm {2}version 1 registered {2}\(sha256:/m,
      /^stg\/language\/support-sft {2}QUEUED {2}\S+/m,
    ])
      expect(demo.said.text).toMatch(line)
  })

  it('ends with both trainings succeeded, the one that failed by its second attempt, and the model served', async () => {
    const status = await inShell('specyard status')
    expect(status).toMatch(/^dev\/language\/handbook-lm +SUCCEEDED +1 /m)
    expect(status).toMatch(/^dev\/language\/handbook-retry +SUCCEEDED +2 /m)
    expect(status).toMatch(/^stg\/language\/support-sft +SUCCEEDED +1 /m)
    expect(status).toMatch(/^dev\/language\/handbook +healthy +handbook-lm@1 /m)
    expect(status).toMatch(/^language\/handbook-lm +1 +experimental +sha256:/m)
  })

  it('has the whole chain on the record, from the line of the spec to the endpoint', async () => {
    const chain = await inShell('specyard trace handbook-lm')
    const commit = printed(/pushed the specs .*\(([0-9a-f]{10})\)/)
    expect(chain).toContain(`specs/handbook/training.yaml:5  at ${commit}`)
    expect(chain).toMatch(/attempt 1 {2}SUCCEEDED {2}exit 0/)
    expect(chain).toMatch(/Job handbook-lm-\S+-1 {2}[0-9a-f-]{36} {2}synced at [0-9a-f]{10}/)
    expect(chain).toMatch(/pod handbook-lm-\S+ {2}node real-1 {2}image sha256:/)
    expect(chain).toContain('model language/handbook-lm@1')
    expect(chain).toContain('endpoint dev/language/handbook  healthy')
  })

  it('says why the first attempt failed, and that the second went on from its checkpoint in another pod', async () => {
    expect(await inShell('specyard logs handbook-retry --attempt 1')).toContain('fault switch: --fail-at-epoch 4')
    const second = await inShell('specyard logs handbook-retry --attempt 2')
    expect(second).toMatch(/attempt 2 goes on from checkpoint \/storage\/\S+epoch-4\.bin/)
    expect(await inShell('specyard trace handbook-retry')).toMatch(/attempt 1 {2}FAILED \(APP_EXIT\) {2}exit 17/)
  })

  it('has Applications, Jobs and pods as Argo CD and Kubernetes see them, each synced', async () => {
    const synced = ['dev.applications', 'dev.language.jobs', 'prod.applications', 'stg.language.jobs'].map(
      (name) => new RegExp(`application\\.argoproj\\.io/${name.replaceAll('.', '\\.')} +Synced `),
    )
    const wanted = [...synced, /job\.batch\/handbook-retry-\S+-2 +Complete/, /pod\/handbook-\S+ +1\/1 +Running/]
    // What was committed last may be on its way.
    const look = async (): Promise<boolean> => {
      const listed = await inShell('kubectl get applications,jobs,pods -A')
      const missing = wanted.filter((one) => !one.test(listed))
      if (missing.length > 0) throw new Error(`not listed: ${missing.join(', ')}; there are\n${listed}`)
      return true
    }
    await until('everything to be listed as it should', look, { seconds: 60, everyMilliseconds: 500 })
  })

  it('serves the model, as the lines that it prints try it', async () => {
    const [forward = '', curl = ''] = ['kubectl -n', 'curl '].map((begin) =>
      printed(new RegExp(`^  (${begin}.*?)(?:    and then, beside it:)?$`, 'm')),
    )
    // A port of this machine's choice instead of the one that is printed, which may be somebody's.
    const script = `${forward.replace(' 8080', ' :8080')} > ${folder}/forward 2>&1 & pid=$!
      for i in $(seq 300); do port=$(sed -n 's/^Forwarding from 127.0.0.1:\\([0-9]*\\).*/\\1/p' ${folder}/forward); [ -n "$port" ] && break; sleep 0.1; done
      ${curl.replace(':8080', ':$port')}; kill $pid`
    expect(JSON.parse(await inShell(script))).toMatchObject({
      model: 'handbook-lm',
      version: '1',
      text: expect.stringMatching(/\w/) as string,
    })
  })

  it('answers at the address of the API that it prints', async () => {
    const api = printed(/^API: +(\S+)/m)
    const { items } = (await (await fetch(`${api}/v1/models`)).json()) as { readonly items: readonly unknown[] }
    expect(items).toMatchObject([{ model: 'handbook-lm', version: 1 }])
  })

  it('is gone after Ctrl-C, PostgreSQL and all', async () => {
    const services = (await run('ps', ['-eo', 'pid=,args='])).split('\n').filter((line) => line.includes(`${folder}/`))
    expect(services.some((line) => line.includes('postgres'))).toBe(true)
    demo.interrupt()
    expect(await demo.ended, demo.said.text).toBe(0)
    expect(remains(folder)).toEqual([])
    const left = (await run('ps', ['-eo', 'pid=,args='])).split('\n').filter((line) => line.includes(`${folder}/`))
    expect(left).toEqual([])
  })
})

describe.runIf(!hasRealNode())('npm run cluster -- --demo where nobody may run containers', () => {
  it('says what it leaves out, shows the runs that kwok plays, and is gone after Ctrl-C', async () => {
    const demo = startClusterCommand(['--demo'])
    try {
      void demo.ended.then((code) => (demo.said.text += `\nended with ${code}`))
      await until('the demo to be ready', () => /to stop it: {5}Ctrl-C|ended with/.test(demo.said.text), {
        seconds: 480,
      }).catch((error: unknown) => Promise.reject(new Error(`${String(error)}\n${demo.said.text}`)))
      const text = demo.said.text
      expect(text).toContain('no trainer runs')
      for (const name of ['dev/language/handbook-lm', 'dev/language/handbook-retry', 'stg/language/support-sft'])
        expect(text).toMatch(new RegExp(`^${name} +SUCCEEDED +1 `, 'm'))
      expect(text).toMatch(/^dev\/language\/handbook +waiting +handbook-lm +WAITING_FOR_MODEL/m)
      expect(text).not.toContain('port-forward')
      demo.interrupt()
      expect(await demo.ended, text).toBe(0)
      expect(remains(dirname(dirname(/export KUBECONFIG=(\S+)/.exec(text)?.[1] ?? '')))).toEqual([])
    } finally {
      demo.child.kill('SIGKILL')
    }
  }, 600_000)
})
