import { readBounded } from '../../sources/prometheus/bounded.ts'

/** Asks the route of an endpoint at the one address that is configured for its environment. @returns what is wrong, null where it answers */
export async function probeRoute(
  base: string,
  route: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<string | null> {
  const late = AbortSignal.timeout(milliseconds)
  // A route is a path of a spec: put behind the base it can name no other host.
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${route.replace(/^\/+/, '')}`
  try {
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { 'user-agent': 'specyard' },
      signal: AbortSignal.any([signal, late]),
    })
    // What it says is not of interest, and not held.
    await readBounded(answer, 0)
    const { status } = answer
    if (status >= 300 && status < 400) return `${url.href} sends us elsewhere (${status}), and is not followed`
    // One that wants credentials, another method or a body is there.
    if (status === 404 || status >= 500) return `${url.href} answers ${status}`
    return null
  } catch (error) {
    signal.throwIfAborted()
    if (late.aborted) return `${url.href} does not answer in ${milliseconds / 1000} s`
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    return `${url.href} cannot be reached${code ? ` (${code})` : ''}`
  }
}
