import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Image, createImage } from '../base/archive.ts'
import { run } from '../base/command.ts'

/*
 * The images that pods of the bed are made of. Everything in them is of this machine: busybox, its own node with the libraries it is
 * linked to, and the worked example. Manifests must not say `imagePullPolicy: Always`, for there is no registry.
 */

/** The default image of the lease's init container, by the name that container runtimes make of it. */
export const busyboxImage = 'docker.io/library/busybox:1.37.0'
export const trainerImage = 'specyard.local/handbook-trainer:1.0.0'
export const pauseImage = 'specyard.local/pause:1'

const example = join(import.meta.dirname, '..', '..', '..', 'examples', 'handbook')
/** The tools that images get by name; busybox is all of them. */
const shellTools = ['sh', 'cat', 'echo', 'env', 'false', 'ls', 'mkdir', 'nslookup', 'sleep', 'true', 'wget']

/** busybox alone: a shell and a few tools. */
export function makeBusybox(busybox: string): Image {
  return createImage({ name: busyboxImage, layers: [shell(busybox)], command: ['sh'], workingFolder: '/' })
}

/** What holds a pod's namespaces: a process that only sleeps. */
export function makePause(busybox: string): Image {
  return createImage({
    name: pauseImage,
    layers: [shell(busybox)],
    command: ['sleep', '2147483647'],
    workingFolder: '/',
  })
}

/** The worked example's trainer with its data, in /app, as its specs call it: `node train.mjs`. */
export async function makeTrainer(busybox: string): Promise<Image> {
  // The data once more where a Dataset's uri has it: a path of the spec repository.
  const files = { ...filesBelow(example, '/app'), ...filesBelow(join(example, 'data'), '/app/examples/handbook/data') }
  return makeNodeImage(busybox, { name: trainerImage, files, command: ['node', 'train.mjs'] })
}

export interface NodeImage {
  /** With a tag. */
  readonly name: string
  /** Absolute path in the image → file on this machine; the working folder is /app. */
  readonly files: Readonly<Record<string, string>>
  /** Put before the command, also before one that a manifest gives as `args`. */
  readonly entrypoint?: readonly string[]
  readonly command: readonly string[]
}

/** This machine's own node with the libraries that it is linked to, a shell, and these files. */
export async function makeNodeImage(busybox: string, image: NodeImage): Promise<Image> {
  const { name, files, entrypoint = [], command } = image
  const libraries = await librariesOf(process.execPath)
  const node = { ...Object.fromEntries(libraries.map((path) => [path, path])), '/usr/bin/node': process.execPath }
  return createImage({
    name,
    // Node is large, and the same in every image.
    layers: [shell(busybox), { files: node }, { files }],
    entrypoint,
    command,
    workingFolder: '/app',
  })
}

function shell(busybox: string) {
  const links = Object.fromEntries(shellTools.map((tool) => [`/bin/${tool}`, 'busybox']))
  return { files: { '/bin/busybox': busybox }, links }
}

/** What a program is linked to, as the loader finds it here: `name => path (address)`, or the loader's own path alone. */
export async function librariesOf(program: string): Promise<readonly string[]> {
  const listed = await run('ldd', [program]).catch(() => '')
  return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = '']) => path)
}

function filesBelow(folder: string, place: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(paths.map((path) => [path.replace(folder, place), path]))
}
