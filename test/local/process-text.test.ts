import { expect, test } from 'vitest'
import { membersInText } from '../../local/process/group.ts'
import { startFromText } from '../../local/process/identity.ts'

// Both systems' ways of writing the same: Linux pads the state to four columns, macOS pads more and ends lines with blanks.
test.each([
  ['Linux', 'Ssl  Sat Nov 21 07:17:42 2026\n', 'Sat Nov 21 07:17:42 2026'],
  ['macOS', 'Ss   Sat Nov 21 07:17:42 2026    \n', 'Sat Nov 21 07:17:42 2026'],
  ['macOS, a foreground process', 'S+   Sun Nov  1 07:17:42 2026    \n', 'Sun Nov 1 07:17:42 2026'],
  ['Linux, a day of one digit', 'R+   Sun Nov  1 07:17:42 2026\n', 'Sun Nov 1 07:17:42 2026'],
  ['Linux, a zombie', 'Z    Sat Nov 21 07:17:42 2026\n', undefined],
  ['macOS, a zombie', 'Z+   Sat Nov 21 07:17:42 2026    \n', undefined],
  ['nobody of that id', '', undefined],
  ['nobody of that id, an empty line', '\n', undefined],
])('reads when a process started: %s', (_, text, start) => {
  expect(startFromText(text)).toBe(start)
})

test.each([
  ['Linux', '    1 Ss\n  512 Sl\n  700 Z\n'],
  ['macOS', '    1 Ss  \n  512 S+  \n  700 Z+  \n'],
])('finds the living members of a group: %s', (_, text) => {
  expect(membersInText(text, 512)).toBe(true)
  expect(membersInText(text, 700)).toBe(false)
  expect(membersInText(text, 51)).toBe(false)
})
