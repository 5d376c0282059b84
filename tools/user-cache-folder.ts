import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where what tests need is kept between runs, outside the checkout. */
export function userCacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'specyard')
}
