/** A text as it is once the escapes of double quotes are read, with the way back to where it was written. */
export interface Unescaped {
  readonly text: string
  /** Where in the written text a part of it begins and ends. */
  range(begin: number, end: number): readonly [begin: number, end: number]
}

const escapes = /\\(?:x([\dA-Fa-f]{2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|\r?\n[ \t]*|[0abtnvfre "/\\N_LP])/g
/** @see https://yaml.org/spec/1.2.2/#57-escaped-characters; JSON has no others */
const named: Readonly<Record<string, string>> = {
  ...{ 0: '\0', a: '\u0007', b: '\b', t: '\t', n: '\n', v: '\v', f: '\f', r: '\r', e: '\u001b' },
  ...{ N: '\u0085', _: '\u00a0', L: '\u2028', P: '\u2029' },
}

/**
 * Reads every escape of YAML and JSON in a text, wherever it stands: whether quotes are around it nobody knows in a file that cannot be read.
 * Undefined where there is none, as in nearly every file.
 */
export function unescaped(written: string): Unescaped | undefined {
  if (!written.includes('\\')) return undefined
  const found = [...written.matchAll(escapes)]
  if (found.length === 0) return undefined
  let text = ''
  let before = 0
  for (const one of found) {
    text += written.slice(before, one.index) + characterOf(one)
    before = one.index + one[0].length
  }
  text += written.slice(before)
  let offsets: readonly number[] | undefined
  return {
    text,
    // Hardly ever is anything found that somebody asks the place of.
    range: (begin, end) => {
      offsets ??= offsetsOf(written, found)
      return [offsets[begin] ?? 0, offsets[end] ?? written.length]
    },
  }
}

function characterOf([escape, ...numbers]: RegExpExecArray): string {
  const code = numbers.find((one) => one !== undefined)
  if (code !== undefined) {
    const point = Number.parseInt(code, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : ''
  }
  const mark = escape.slice(1)
  // A line that goes on in the next one.
  return /^\r?\n/.test(mark) ? '' : (named[mark] ?? mark)
}

/** Where each character of what was read is written. */
function offsetsOf(written: string, found: readonly RegExpExecArray[]): readonly number[] {
  const offsets: number[] = []
  let at = 0
  const until = (end: number): void => {
    for (; at < end; at += 1) offsets.push(at)
  }
  for (const one of found) {
    until(one.index)
    for (let index = 0; index < characterOf(one).length; index += 1) offsets.push(one.index)
    at = one.index + one[0].length
  }
  until(written.length)
  return offsets
}
