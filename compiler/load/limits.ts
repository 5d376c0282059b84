/** What one file may be; each limit has its own problem. Parsers were measured to stall or abort the process beyond them. */
export const limits = {
  fileBytes: 256 * 1024,
  depth: 64,
  /** Of the slower parser's syntax tree, in which a mapping inside a list counts once and a stray value too. */
  tokenDepth: 128,
  aliases: 100,
  nodes: 50_000,
  keysOfMapping: 5_000,
  /** Anchors, aliases, tags, explicit keys and directives together. */
  marks: 1_000,
  /** Of one file. */
  documents: 2_000,
  /** Of one document that is not YAML: what follows the first few is mostly their consequence. */
  syntaxProblems: 20,
} as const
