import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { CompileInput } from '../../../compiler/compile-types.ts'
import { canonicalJson, type Json, sha256 } from '../../../domain/canonical.ts'
import type { SourceFile } from '../../../domain/publication.ts'
import { chartFolder, packageRoot } from '../../house/assets.ts'

/**
 * The digest of all that a compilation depends on beside leaves: two of an equal one make the same of the same leaf.
 * @param shared files that are no leaves, templates among them
 */
export function digestOfRest(input: Omit<CompileInput, 'sources'>, shared: readonly SourceFile[]): string {
  const { chart, deploy, deployed, kubernetesVersion, settings, source, judge } = input
  const files = [...shared, ...(settings ? [settings] : [])]
  return sha256(
    canonicalJson([
      chart.version,
      { ...deploy },
      // The files of a commit are what they are. Which of them somebody else changed depends on whom we are taken for, too.
      deployed.commit,
      deployed.drifted.map((one) => ({ ...one })),
      kubernetesVersion ?? null,
      // Only policies see which commit a plan is of.
      judge ? { ...source } : null,
      shippedFiles(chartFolder()),
      shippedFiles(join(packageRoot(), 'schemas', 'kubernetes')),
      // Which versions there are of packages that are no part of the program, such as the rules for secrets.
      sha256(readFileSync(join(packageRoot(), 'package.json'))),
      files.map(({ path, bytes }) => [path, sha256(bytes)]).sort(),
    ] as unknown as Json),
  )
}

/** Files that come with the program, which are read when they are needed: by how they stand, with the folders between them. */
function shippedFiles(folder: string): Json {
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const path = `${folder}/${name}`
      const about = statSync(path)
      return about.isDirectory() ? [name, shippedFiles(path)] : [name, about.size, about.mtimeMs]
    })
}
