/*
 * Argo CD and the API server quote objects in their messages: a refused Job stands there whole, with the values of its variables. Whoever looks at
 * the cluster may not be meant to read them, and nobody needs them to understand the refusal.
 */

const messageCharactersMax = 600

/** A message without the objects that it quotes, on one line: `{…}` stands for each. Braces in quoted texts open and close nothing. */
export function withoutObjects(message: string): string {
  let shown = ''
  let depth = 0
  let quoted = false
  for (let at = 0; at < message.length; at += 1) {
    const character = message[at]
    if (depth === 0) {
      shown += character === '{' ? '{…}' : character
      if (character === '{') depth = 1
    } else if (quoted) {
      if (character === '\\') at += 1
      else if (character === '"') quoted = false
    } else if (character === '"') quoted = true
    else if (character === '{') depth += 1
    else if (character === '}') depth -= 1
  }
  const line = shown.replaceAll(/\s+/g, ' ').trim()
  return line.length > messageCharactersMax ? `${line.slice(0, messageCharactersMax - 1)}…` : line
}

/** How long something took or has been, as a person says it. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

export function gpusText(gpus: number): string {
  return gpus === 1 ? '1 GPU' : `${gpus} GPUs`
}
