/** What moves the cursor, hides or turns round text on a terminal, or looks like a line of its own: control and direction characters. */
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** A text that may hold words of a file, so that a terminal shows what it says and does nothing else. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The same with one character for each one, and spaces for tabs: for lines with a caret below them. */
export function printableLine(line: string): string {
  return line.replaceAll('\t', ' ').replaceAll(unprintable, '\ufffd')
}

/** How many columns a text takes on a terminal: two for wide letters and pictures, none for accents that stand on others. */
export function columns(text: string): number {
  let width = 0
  for (const one of text) {
    if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(one)) continue
    width += isWide(one) ? 2 : 1
  }
  return width
}

/**
 * East Asian wide and full-width letters, and pictures that are shown as such without being asked for; not the letters that flags are made of
 * two by two. @see https://www.unicode.org/reports/tr11/
 */
function isWide(one: string): boolean {
  const code = one.codePointAt(0) ?? 0
  const ranges: readonly (readonly [number, number])[] = [
    [0x1100, 0x115f],
    [0x2e80, 0x303e],
    [0x3041, 0xa4cf],
    [0xac00, 0xd7a3],
    [0xf900, 0xfaff],
    [0xfe30, 0xfe6f],
    [0xff00, 0xff60],
    [0xffe0, 0xffe6],
    [0x20000, 0x3fffd],
  ]
  if (ranges.some(([from, to]) => code >= from && code <= to)) return true
  return /(?!\p{Regional_Indicator})\p{Emoji_Presentation}/u.test(one)
}
