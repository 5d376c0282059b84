import { Fault } from '../../../domain/fault.ts'

/** Where an MLflow tracking server is, and what lets us in. Never printed. */
export interface MlflowAddress {
  /** Base URL without credentials and without a slash at its end. */
  readonly url: string
  /** Value of the `authorization` header; null where none is sent. */
  readonly authorization: string | null
  /** Texts that no message may repeat. */
  readonly secrets: readonly string[]
}

/** As MLflow's own client reads them from `MLFLOW_TRACKING_URI`, `_USERNAME`, `_PASSWORD` and `_TOKEN`. */
export interface MlflowSettings {
  readonly uri: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly token?: string | undefined
}

/**
 * Checks an address as MLflow writes it. As in MLflow's client a user name with its password goes before a token; they may stand in the URL too.
 * @throws Fault SETTINGS_INVALID
 */
export function mlflowAddress(settings: MlflowSettings): MlflowAddress {
  if (!URL.canParse(settings.uri)) throw invalid('MLFLOW_TRACKING_URI is no URL')
  const url = new URL(settings.uri)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid(`MLFLOW_TRACKING_URI begins with ${url.protocol}, which is no address of a tracking server`)
  const username = settings.username || decoded(url.username)
  const password = settings.password || decoded(url.password)
  const secrets = [password, settings.token, settings.username === undefined ? '' : username].filter((one) => !!one)
  const basic = username && password ? Buffer.from(`${username}:${password}`, 'utf8').toString('base64') : undefined
  const authorization = basic ? `Basic ${basic}` : settings.token ? `Bearer ${settings.token}` : null
  // A header with a line break would be refused with a message that quotes it.
  if (authorization !== null && !/^[\x20-\x7e]+$/.test(authorization))
    throw invalid('MLFLOW_TRACKING_TOKEN has characters that no header may have')
  return {
    url: `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, ''),
    authorization,
    secrets: [...secrets, ...(basic ? [basic] : [])] as string[],
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function invalid(message: string): Fault {
  return new Fault('SETTINGS_INVALID', message, {
    retry: 'never',
    hint: 'write the address of the tracking server, for example https://mlflow.example.com; docs/mlflow.md says which variables there are',
  })
}
