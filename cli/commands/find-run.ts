import { Fault } from '../../domain/fault.ts'
import { type Ask, expectOk } from '../house/client.ts'

/** Finds the newest run that a name, id, Job, pod or any other identifier stands for. @throws Fault RUN_NOT_FOUND */
export async function findRun(
  ask: Ask,
  text: string,
): Promise<Readonly<Record<string, unknown>> & { readonly id: string }> {
  const byName = expectOk(
    await ask('GET', `/v1/jobs?name=${encodeURIComponent(text.split('/').at(-1) ?? text)}&limit=50`),
  ) as {
    items: (Readonly<Record<string, unknown>> & { id: string })[]
  }
  const named = byName.items.find(
    (one) =>
      text === one['name'] || text === `${String(one['environment'])}/${String(one['project'])}/${String(one['name'])}`,
  )
  if (named) return named
  const answer = await ask('GET', `/v1/trace?q=${encodeURIComponent(text)}`)
  const hits = answer.status < 400 ? ((answer.body as { hits?: { kind: string; id: string }[] }).hits ?? []) : []
  const hit = hits.find((one) => one.kind === 'run')
  if (!hit)
    throw new Fault('RUN_NOT_FOUND', `no run is known by "${text}"`, {
      retry: 'never',
      hint: 'specyard status lists them',
    })
  return { id: hit.id }
}
