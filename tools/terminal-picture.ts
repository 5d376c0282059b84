import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

/*
 * Draws what a terminal showed as an SVG of plain text, readable on light and dark pages, from a capture with its colours on standard input:
 * tmux capture-pane -e -p -t <pane> | npx tsx tools/terminal-picture.ts > docs/pictures/up.svg
 */

const lineHeight = 18
const characterWidth = 8.4
const margin = 16

/** SGR codes that the program uses, as classes of the style sheet below. */
const classes: Readonly<Record<string, string>> = {
  '1': 'bold',
  '2': 'dim',
  '31': 'red',
  '32': 'green',
  '33': 'yellow',
  '34': 'blue',
  '35': 'magenta',
  '36': 'cyan',
}

const style = `
  .page { fill: #ffffff; stroke: #d0d7de }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }
  .bold { font-weight: bold } .dim { fill: #59636e } .red { fill: #cf222e } .green { fill: #116329 } .yellow { fill: #7d4e00 }
  .blue { fill: #0550ae } .magenta { fill: #8250df } .cyan { fill: #1b6b72 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #3d444d }
    text { fill: #f0f6fc } .dim { fill: #9198a1 } .red { fill: #ff7b72 } .green { fill: #3fb950 } .yellow { fill: #d29922 }
    .blue { fill: #79c0ff } .magenta { fill: #d2a8ff } .cyan { fill: #56d4dd }
  }
`

function draw(capture: string): string {
  const lines = capture.trim().split(/\r?\n/)
  const columns = Math.max(...lines.map((line) => stripVTControlCharacters(line).trimEnd().length))
  const width = Math.ceil(columns * characterWidth) + 2 * margin
  const height = lines.length * lineHeight + 2 * margin
  const texts = drawLines(lines)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>npm start in a terminal</title>
<style>${style}</style>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${texts.join('\n')}
</svg>
`
}

/** Colours last over the ends of lines, as they do on a terminal. */
function drawLines(lines: readonly string[]): string[] {
  const active = new Set<string>()
  return lines.map((line, index) => {
    const spans = drawSpans(line.trimEnd(), active)
    const x = margin
    const y = margin + (index + 0.75) * lineHeight
    return spans === '' ? '' : `<text x="${x}" y="${y}" xml:space="preserve">${spans}</text>`
  })
}

function drawSpans(line: string, active: Set<string>): string {
  // Every second piece holds the codes of one SGR sequence.
  const pieces = line.split(/\u001b\[([0-9;]*)m/)
  return pieces
    .map((piece, index) => {
      if (index % 2 === 1) {
        for (const code of piece.split(';')) apply(code, active)
        return ''
      }
      const text = escapeText(stripVTControlCharacters(piece))
      return text === '' || active.size === 0 ? text : `<tspan class="${[...active].join(' ')}">${text}</tspan>`
    })
    .join('')
}

function apply(code: string, active: Set<string>): void {
  const isColour = /^3[0-9]$/.test(code)
  if (code === '' || code === '0') active.clear()
  if (code === '22') for (const one of ['bold', 'dim']) active.delete(one)
  if (isColour) for (const one of Object.entries(classes)) if (one[0].length === 2) active.delete(one[1])
  const name = classes[code]
  if (name !== undefined) active.add(name)
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

process.stdout.write(draw(readFileSync(0, 'utf8')))
