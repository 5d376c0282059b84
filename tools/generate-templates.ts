import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Handlebars from 'handlebars'
import { type Node, templateCode } from './template-code.ts'

/** The only helpers that may put a value into a template; both write it as YAML that cannot be anything but that value. */
const valueHelpers = ['scalar'] as const
const blockHelpers = ['if', 'each'] as const

/**
 * Compiles the templates of a folder into one ES module of functions, `templates[name without .hbs]`.
 * @throws Error naming template and line where a value could reach the text unescaped
 */
export async function generateTemplates(folder: string): Promise<string> {
  let count = 0
  const names = (await readdir(folder)).filter((name) => name.endsWith('.hbs')).sort()
  const entries: string[] = []
  for (const name of names) {
    const source = await readFile(join(folder, name), 'utf8')
    const program = Handlebars.parse(source) as unknown as Node
    refuseUnescaped(name, program)
    const key = JSON.stringify(name.replace(/(\.yaml|\.md)?\.hbs$/, ''))
    entries.push(`  ${key}: (view, { lines, items, holds, written }) => {\n${templateCode(program, () => count++)}},`)
  }
  return `export const templates = {\n${entries.join('\n')}\n}\n\nexport const values = ${count}\n`
}

/** Walks the syntax tree: every value goes through a helper that escapes it, so that forgetting is impossible. */
function refuseUnescaped(name: string, node: Node): void {
  const helper = (node['path'] as { original?: string } | undefined)?.original ?? ''
  const line = (node['loc'] as { start: { line: number } } | undefined)?.start.line ?? 0
  if (node.type === 'MustacheStatement') {
    const called = (node['params'] as unknown[]).length === 1 && (valueHelpers as readonly string[]).includes(helper)
    if (!called || node['escaped'] === false) {
      throw new Error(
        `${name}:${line}: a value must be written as {{scalar ${helper || '…'}}}, or it could become YAML of its own`,
      )
    }
    return
  }
  if (node.type === 'BlockStatement' && !(blockHelpers as readonly string[]).includes(helper)) {
    throw new Error(`${name}:${line}: the block {{#${helper}}} is not known; use one of ${blockHelpers.join(', ')}`)
  }
  if (/^(Partial|Decorator)/.test(node.type))
    throw new Error(`${name}:${line}: partials and decorators are not used in templates`)
  for (const inner of [
    node['body'],
    (node['program'] as Node | undefined)?.['body'],
    (node['inverse'] as Node | undefined)?.['body'],
  ]) {
    if (Array.isArray(inner)) for (const one of inner as Node[]) refuseUnescaped(name, one)
  }
}
