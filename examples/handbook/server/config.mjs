/*
 * What a server of the worked example is told, and the model that it is to serve.
 */
import { readFileSync } from 'node:fs'
import { decodeModel, digestOf } from '../trainer/model-file.mjs'

/** Why the server cannot start; there is nothing to do but to change what it is told. */
export class StartError extends Error {}

/** @typedef {ReturnType<typeof readConfig>} Config */

/** @param {Record<string, string | undefined>} environment */
export function readConfig(environment) {
  const { MODEL_URI, MODEL_DIGEST, PROMPT_TEMPLATE } = environment
  if (!MODEL_URI) throw new StartError('MODEL_URI is not set: it names the file of the model')
  return Object.freeze({
    modelUri: MODEL_URI,
    modelDigest: MODEL_DIGEST ?? '',
    modelName: environment.MODEL_NAME ?? 'model',
    modelVersion: environment.MODEL_VERSION ?? '',
    host: environment.HOST || '127.0.0.1',
    port: whole('PORT', environment.PORT, 8080, 0),
    route: `/${(environment.ROUTE ?? '').replace(/^\/+|\/+$/g, '')}`.replace(/^\/$/, ''),
    inputTokensMax: whole('MAX_INPUT_TOKENS', environment.MAX_INPUT_TOKENS, 2048, 1),
    outputTokensMax: whole('MAX_OUTPUT_TOKENS', environment.MAX_OUTPUT_TOKENS, 512, 1),
    concurrentRequestsMax: whole('MAX_CONCURRENT_REQUESTS', environment.MAX_CONCURRENT_REQUESTS, 8, 1),
    promptTemplate: PROMPT_TEMPLATE || '{{prompt}}',
  })
}

/** @param {string} name @param {string | undefined} text @param {number} fallback @param {number} least */
function whole(name, text, fallback, least) {
  const value = text === undefined || text === '' ? fallback : Number(text)
  if (!Number.isSafeInteger(value) || value < least)
    throw new StartError(`${name} must be a whole number from ${least}, not "${text}"`)
  return value
}

/**
 * Reads the model and makes sure that it is the very one that was asked for: a version's identity is the digest of its bytes.
 * @param {Config} config
 */
export function readModel({ modelUri, modelDigest }) {
  let bytes
  try {
    bytes = readFileSync(modelUri)
  } catch (error) {
    throw new StartError(`the model ${modelUri} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  const digest = digestOf(bytes)
  if (modelDigest !== '' && digest !== modelDigest) {
    throw new StartError(
      `the model ${modelUri} has digest ${digest}, not ${modelDigest}: these are not the bytes that were registered, nothing is served`,
    )
  }
  try {
    const { header, model } = decodeModel(bytes)
    return { model, alphabet: /** @type {string[]} */ (header.alphabet), digest }
  } catch (error) {
    throw new StartError(`the model ${modelUri} cannot be used: ${error instanceof Error ? error.message : error}`)
  }
}
