/** What one file may be; each limit has its own problem. Parsers were measured to stall or abort the process beyond them. */
export const limits = {
  fileBytes: 256 * 1024,
  depth: 64,
  aliases: 100,
  nodes: 50_000,
  keysOfMapping: 5_000,
} as const
