import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/*
 * OCI images from files of this machine, as archives that a container runtime imports: no registry is asked, and nothing is built.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */

export interface Layer {
  /** Path in the image (absolute) → file on this machine. */
  readonly files: Readonly<Record<string, string>>
  /** Path in the image (absolute) → what it points to. */
  readonly links?: Readonly<Record<string, string>>
}

export interface ImageContent {
  /** Lowest first. A layer that two images have in common is kept once. */
  readonly layers: readonly Layer[]
  /** Put before the command, also before one that a manifest gives as `args`. */
  readonly entrypoint?: readonly string[]
  readonly command: readonly string[]
  readonly workingFolder: string
  /** A tag; the image is also known by the name without it and its digest. */
  readonly name: string
}

export interface Image {
  /** name@sha256:…, as a manifest pins it. */
  readonly pinned: string
  readonly archive: Buffer
}

export function createImage({ layers, entrypoint, command, workingFolder, name }: ImageContent): Image {
  const blobs = new Map<string, Buffer>()
  const blob = (mediaType: string, content: Buffer) => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    blobs.set(digest, content)
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest, size: content.length }
  }
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))
  const layerBlobs = layers.map((layer) => blob('layer.v1.tar', layerArchive(layer)))
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64' | 'arm64']
  const config = json({
    architecture,
    os: 'linux',
    config: { Env: ['PATH=/usr/bin:/bin'], Entrypoint: entrypoint, Cmd: command, WorkingDir: workingFolder },
    rootfs: { type: 'layers', diff_ids: layerBlobs.map(({ digest }) => digest) },
  })
  const manifest = blob(
    'manifest.v1+json',
    json({ schemaVersion: 2, mediaType: manifestType, config: blob('config.v1+json', config), layers: layerBlobs }),
  )
  const pinned = `${name.replace(/:[^/:]+$/, '')}@${manifest.digest}`
  const manifests = [name, pinned].map((one) => ({ ...manifest, annotations: { 'io.containerd.image.name': one } }))
  const archive = tar([
    { path: '/oci-layout', content: json({ imageLayoutVersion: '1.0.0' }), mode: 0o644 },
    { path: '/index.json', content: json({ schemaVersion: 2, manifests }), mode: 0o644 },
    ...[...blobs].map(([digest, content]) => ({ path: `/blobs/${digest.replace(':', '/')}`, content, mode: 0o644 })),
  ])
  return { pinned, archive }
}

function layerArchive({ files, links = {} }: Layer): Buffer {
  return tar([
    ...foldersOf([...Object.keys(files), ...Object.keys(links), '/tmp/', '/proc/', '/sys/', '/dev/', '/etc/']),
    ...Object.entries(files).map(([path, source]) => ({ path, content: readFileSync(source), mode: 0o755 })),
    ...Object.entries(links).map(([path, target]) => ({ path, link: target, mode: 0o777 })),
  ])
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

interface Entry {
  /** Absolute; a folder's ends with a slash. */
  readonly path: string
  readonly mode: number
  readonly content?: Buffer
  readonly link?: string
}

function foldersOf(paths: readonly string[]): readonly Entry[] {
  const folders = new Set<string>()
  for (const path of paths) {
    const steps = path.split('/').slice(1, -1)
    for (let depth = 1; depth <= steps.length; depth += 1) folders.add(`/${steps.slice(0, depth).join('/')}/`)
  }
  return [...folders].sort().map((path) => ({ path, mode: path === '/tmp/' ? 0o1777 : 0o755 }))
}

const blockBytes = 512

/** A tar archive in the ustar format; the same entries give the same bytes: no clock and no owner in it. */
function tar(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = []
  for (const entry of entries) {
    const content = entry.content ?? Buffer.alloc(0)
    parts.push(
      header(entry, content.length),
      content,
      Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes),
    )
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)])
}

function header({ path, mode, link, content }: Entry, bytes: number): Buffer {
  const { prefix, name } = splitPath(path.slice(1))
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, offset: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), offset)
  block.write(name, 0)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(bytes, 124, 12)
  octal(0, 136, 12)
  block.fill(' ', 148, 156)
  block.write(link !== undefined ? '2' : content === undefined ? '5' : '0', 156)
  block.write(link ?? '', 157)
  block.write('ustar\0' + '00', 257)
  block.write(prefix, 345)
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  return block
}

/** The format has 100 bytes for a path, and 155 for folders before it. */
function splitPath(path: string): { readonly prefix: string; readonly name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path }
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)]
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100 && name !== '') return { prefix, name }
  }
  throw new Error(`the path /${path} is longer than an archive holds`)
}
