/*
 * What callers of /generate may ask, checked.
 */
const bodyBytesMax = 64 * 1024

/** What is wrong with a request; the status says whose fault it is. */
export class RequestError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** @param {import('node:http').IncomingMessage} request @returns {Promise<any>} */
export async function readJson(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > bodyBytesMax) throw new RequestError(413, `a body has at most ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new RequestError(400, 'the body is not JSON')
  }
}

/**
 * @param {any} body { prompt, max_tokens?, temperature?, seed? }
 * @param {import('./config.mjs').Config} config
 */
export function checkRequest(body, { promptTemplate, inputTokensMax, outputTokensMax }) {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new RequestError(400, 'the body is not an object')
  const { prompt, max_tokens: maxTokens = 100, temperature = 0.5, seed = Math.floor(Math.random() * 2 ** 32) } = body
  const unknown = Object.keys(body).filter((key) => !['prompt', 'max_tokens', 'temperature', 'seed'].includes(key))
  if (unknown.length > 0)
    throw new RequestError(
      400,
      `unknown: ${unknown.slice(0, 5).join(', ')}; known are prompt, max_tokens, temperature, seed`,
    )
  if (typeof prompt !== 'string') throw new RequestError(400, 'prompt must be a text')
  if ([...prompt].length > inputTokensMax)
    throw new RequestError(400, `a prompt has at most ${inputTokensMax} characters`)
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    throw new RequestError(400, 'max_tokens must be a whole number from 1')
  if (maxTokens > outputTokensMax) throw new RequestError(400, `max_tokens is at most ${outputTokensMax}`)
  if (typeof temperature !== 'number' || !(temperature >= 0 && temperature <= 2))
    throw new RequestError(400, 'temperature must be a number from 0 to 2')
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw new RequestError(400, 'seed must be a whole number from 0 to 4294967295')
  return { prompt: promptTemplate.replaceAll('{{prompt}}', () => prompt), maxTokens, temperature, seed }
}
