import type { BuildOptions } from 'esbuild'

/** How the program and the keeper are bundled, beside what differs by place: where to, how loud. */
export const bundle = {
  entryPoints: { specyard: 'cli/main.ts', keeper: 'local/keeper.ts' },
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'linked',
} as const satisfies BuildOptions
