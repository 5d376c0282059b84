import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { readText, writeWhole } from '../process/files.ts'
import { type Launch, type LaunchContainer, podFiles } from '../process/pod-files.ts'
import type { PodObject } from '../store/objects.ts'
import type { PodContainer, PodVolume } from '../store/pod-spec.ts'
import type { World } from '../world.ts'
import { expand, resolveVariables, type VariableSources } from './variables.ts'
import { folderWithin, imageFolderWithin, makeWorkingFolder, mount, NotCreated } from './working-folder.ts'

/**
 * Makes all that a pod's processes need and says what its keeper is to run. Nothing is written before everything that can be missing is there.
 * @throws NotCreated; errors of the disk
 */
export function prepareLaunch(world: World, pod: PodObject): Launch {
  const folder = world.store.podFolder(pod.uid)
  const image = pod.imageFolder === null ? null : imageFolderWithin(world.root, pod.imageFolder)
  for (const volume of pod.spec.volumes) requireVolume(world, pod, volume)
  const resolved = [
    ...pod.spec.initContainers.map((container) => resolve(world, pod, container, null)),
    ...pod.spec.containers.map((container) => resolve(world, pod, container, image)),
  ]
  for (const part of [podFiles.home(folder), podFiles.temporary(folder), join(folder, 'logs')]) {
    mkdirSync(part, { recursive: true, mode: 0o700 })
  }
  const volumes = new Map(pod.spec.volumes.map((volume) => [volume.name, volumeFolder(world, pod, volume)]))
  for (const { container, launch, image: shown } of resolved) {
    makeWorkingFolder(launch.workingFolder, shown)
    for (const { name, mountPath } of container.volumeMounts) {
      mount(launch.workingFolder, mountPath, volumes.get(name) ?? '')
    }
  }
  return {
    containers: resolved.map(({ launch }) => launch),
    graceSeconds: pod.spec.terminationGracePeriodSeconds,
    deadlineAt: pod.deadlineAt === null ? null : Date.parse(pod.deadlineAt),
    endWithOwner: pod.owner.kind === 'Endpoint',
  }
}

interface Resolved {
  readonly container: PodContainer
  readonly launch: LaunchContainer
  readonly image: string | null
}

function resolve(world: World, pod: PodObject, container: PodContainer, image: string | null): Resolved {
  const refuse = (message: string): never => {
    throw new NotCreated('CreateContainerConfigError', message)
  }
  const { name, command, args, env, volumeMounts } = container
  if (command.length === 0)
    refuse(`container ${name} names no command; the local cluster has no image to take one from`)
  for (const { name: volume, subPath } of volumeMounts) {
    if (subPath !== undefined) refuse(`subPath of volume ${volume} is not supported by the local cluster`)
    if (!pod.spec.volumes.some((one) => one.name === volume)) refuse(`there is no volume ${volume}`)
  }
  const folder = world.store.podFolder(pod.uid)
  const variables = resolveVariables(env, variableSources(world, pod, folder))
  if ('missing' in variables) throw new NotCreated('CreateContainerConfigError', variables.missing)
  const environment = new Map(Object.entries(variables.environment))
  const launch = {
    name,
    command: [...command, ...args].map((word) => expand(word, environment)),
    environment: variables.environment,
    workingFolder: join(folder, 'work', name),
    log: podFiles.log(folder, name),
  }
  return { container, launch, image }
}

/** A folder that is only read must be there: an empty one in its place would be trained on. One that is written to is made. */
function requireVolume(world: World, pod: PodObject, volume: PodVolume): void {
  if ('secret' in volume && !volume.secret.optional && !world.store.secret(pod.namespace, volume.secret.secretName)) {
    throw new NotCreated('CreateContainerConfigError', `secret "${volume.secret.secretName}" not found`)
  }
  if (!('hostPath' in volume)) return
  const folder = folderWithin(world.root, volume.hostPath.path, `hostPath of volume ${volume.name}`)
  const mounts = pod.spec.containers.flatMap((container) => container.volumeMounts)
  const onlyRead = mounts.every((mounted) => mounted.name !== volume.name || mounted.readOnly)
  if (onlyRead && !existsSync(folder)) {
    const message = `hostPath "${volume.hostPath.path}" of volume ${volume.name} does not exist in the spec repository`
    throw new NotCreated('CreateContainerConfigError', message)
  }
}

function variableSources(world: World, pod: PodObject, folder: string): VariableSources {
  return {
    given: {
      PATH: world.path,
      HOME: podFiles.home(folder),
      TMPDIR: podFiles.temporary(folder),
      BACKEND_BASE_URL: world.backendUrl,
      CALLBACK_DONE_SECONDS: String(doneSeconds(pod, world.now())),
    },
    forced: pod.forced,
    namespace: pod.namespace,
    podName: pod.name,
    podUid: pod.uid,
    labels: pod.labels,
    secret: (name) => world.store.secret(pod.namespace, name),
  }
}

/** A trainer that nobody hears waits for the next `up` for so long at most: what it made is known from its report alone. */
const doneSecondsMax = 15 * 60

/** Of the time that a pod has, a quarter at most is for being heard: waiting must not run into its deadline. */
function doneSeconds(pod: PodObject, now: Date): number {
  if (pod.deadlineAt === null) return doneSecondsMax
  const left = (Date.parse(pod.deadlineAt) - now.getTime()) / 1000
  return Math.max(30, Math.min(doneSecondsMax, Math.floor(left / 4)))
}

/** The folder that stands for a volume. */
function volumeFolder(world: World, pod: PodObject, volume: PodVolume): string {
  if ('hostPath' in volume) {
    return made(folderWithin(world.root, volume.hostPath.path, `hostPath of volume ${volume.name}`))
  }
  if ('persistentVolumeClaim' in volume) {
    return made(join(world.store.folder, 'claims', pod.namespace, volume.persistentVolumeClaim.claimName))
  }
  if ('emptyDir' in volume) return made(join(world.store.podFolder(pod.uid), 'volumes', volume.name))
  const folder = made(secretFolder(world, pod, volume.name))
  writeSecretFiles(world, pod)
  return folder
}

/** Brings the files of a pod's Secret volumes to what the Secrets say now: after a rotation, or when an optional one appears. */
export function writeSecretFiles(world: World, pod: PodObject): void {
  for (const volume of pod.spec.volumes) {
    if (!('secret' in volume)) continue
    const secret = world.store.secret(pod.namespace, volume.secret.secretName)
    if (!secret) continue
    const items = volume.secret.items ?? Object.keys(secret.data).map((key) => ({ key, path: key }))
    for (const { key, path } of items) {
      const value = secret.data[key]
      const relative = posix.normalize(path)
      if (value === undefined || relative.startsWith('/') || relative.split('/').includes('..')) continue
      const file = join(secretFolder(world, pod, volume.name), relative)
      if (readText(file) === value) continue
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      writeWhole(file, value, 0o600)
    }
  }
}

function secretFolder(world: World, pod: PodObject, volume: string): string {
  return join(world.store.podFolder(pod.uid), 'secrets', volume)
}

/** A hostPath may be a file. */
function made(folder: string): string {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true })
  return folder
}
