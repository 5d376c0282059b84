import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { diskFault } from '../process/disk-fault.ts'
import { readJson, writeWhole } from '../process/files.ts'
import { killPod } from '../process/kill-pod.ts'
import { podFiles } from '../process/pod-files.ts'
import type { EndpointObject, JobObject, PodObject, SecretObject } from './objects.ts'

/**
 * The objects of the local cluster: in memory for looking, on disk for good. A change is on disk before it is seen, so that what is decided
 * from it outlives this process.
 */
export interface Store {
  readonly folder: string
  jobs(): readonly JobObject[]
  job(namespace: string, name: string): JobObject | undefined
  putJob(job: JobObject): void
  removeJob(job: JobObject): void
  pods(): readonly PodObject[]
  pod(uid: string): PodObject | undefined
  podFolder(uid: string): string
  putPod(pod: PodObject): void
  /** Takes the pod's folder away at one stroke, so that half of a pod is never found. */
  removePod(pod: PodObject): void
  leases(): readonly SecretObject[]
  /** Also finds a Secret that a person put there meanwhile. */
  secret(namespace: string, name: string): SecretObject | undefined
  putSecret(secret: SecretObject): void
  removeSecret(namespace: string, name: string): void
  endpoint(application: string): EndpointObject | undefined
  endpoints(): readonly EndpointObject[]
  putEndpoint(endpoint: EndpointObject): void
  removeEndpoint(application: string): void
}

/** @throws Fault FILE_FAILED, DISK_FULL */
export function openStore(folder: string, log: (message: string) => void): Store {
  const within = (...names: readonly string[]) => join(folder, ...names)
  const jobs = new Map<string, JobObject>()
  const pods = new Map<string, PodObject>()
  const secrets = new Map<string, SecretObject>()
  const endpoints = new Map<string, EndpointObject>()
  const jobFile = (namespace: string, name: string) => within('jobs', namespace, `${name}.json`)
  const secretFile = (namespace: string, name: string) => within('secrets', namespace, `${name}.json`)
  const endpointFile = (application: string) => within('endpoints', `${application}.json`)
  const podFolder = (uid: string) => within('pods', uid)

  guarded(`the state folder ${folder} could not be read`, () => {
    for (const part of ['jobs', 'pods', 'secrets', 'endpoints', 'trash']) {
      mkdirSync(within(part), { recursive: true, mode: 0o700 })
    }
    rmSync(within('trash'), { recursive: true, force: true })
    mkdirSync(within('trash'), { mode: 0o700 })
    for (const path of filesOf(within('jobs'))) {
      const job = loaded<JobObject>(path, log)
      if (job) jobs.set(`${job.namespace}/${job.name}`, job)
    }
    for (const path of filesOf(within('secrets'))) {
      const secret = readJson(path) as SecretObject | undefined
      if (secret?.lease) secrets.set(`${secret.namespace}/${secret.name}`, secret)
    }
    for (const path of filesOf(within('endpoints'))) {
      const endpoint = loaded<EndpointObject>(path, log)
      if (endpoint) endpoints.set(endpoint.application, endpoint)
    }
    for (const uid of readdirSync(within('pods'))) {
      const pod = readJson(podFiles.pod(podFolder(uid))) as PodObject | undefined
      if (pod?.format === 1) pods.set(pod.uid, pod)
      else {
        killPod(podFolder(uid))
        discard(podFolder(uid), uid)
      }
    }
  })

  function discard(path: string, name: string): void {
    const trash = within('trash', name)
    renameSync(path, trash)
    rmSync(trash, { recursive: true, force: true })
  }
  const write = (path: string, value: object): void =>
    guarded(`${path} could not be written`, () => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeWhole(path, JSON.stringify(value))
    })
  const remove = (path: string): void => guarded(`${path} could not be removed`, () => rmSync(path, { force: true }))

  return {
    folder,
    jobs: () => [...jobs.values()],
    job: (namespace, name) => jobs.get(`${namespace}/${name}`),
    putJob: (job) => {
      write(jobFile(job.namespace, job.name), job)
      jobs.set(`${job.namespace}/${job.name}`, job)
    },
    removeJob: (job) => {
      remove(jobFile(job.namespace, job.name))
      jobs.delete(`${job.namespace}/${job.name}`)
    },
    pods: () => [...pods.values()],
    pod: (uid) => pods.get(uid),
    podFolder,
    putPod: (pod) => {
      write(podFiles.pod(podFolder(pod.uid)), pod)
      pods.set(pod.uid, pod)
    },
    removePod: (pod) => {
      guarded(`the folder of pod ${pod.name} could not be removed`, () => discard(podFolder(pod.uid), pod.uid))
      pods.delete(pod.uid)
    },
    leases: () => [...secrets.values()],
    secret: (namespace, name) =>
      secrets.get(`${namespace}/${name}`) ?? byHand(secretFile(namespace, name), namespace, name),
    putSecret: (secret) => {
      write(secretFile(secret.namespace, secret.name), secret)
      secrets.set(`${secret.namespace}/${secret.name}`, secret)
    },
    removeSecret: (namespace, name) => {
      remove(secretFile(namespace, name))
      secrets.delete(`${namespace}/${name}`)
    },
    endpoint: (application) => endpoints.get(application),
    endpoints: () => [...endpoints.values()],
    putEndpoint: (endpoint) => {
      write(endpointFile(endpoint.application), endpoint)
      endpoints.set(endpoint.application, endpoint)
    },
    removeEndpoint: (application) => {
      remove(endpointFile(application))
      endpoints.delete(application)
    },
  }
}

function guarded<Value>(what: string, work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    throw diskFault(error, what)
  }
}

/** Secrets of people: `{ "data": { "<key>": "<value>" } }`, as they are now. */
function byHand(path: string, namespace: string, name: string): SecretObject | undefined {
  const read = readJson(path) as { data?: unknown } | undefined
  if (typeof read?.data !== 'object' || read.data === null) return undefined
  const data = Object.fromEntries(Object.entries(read.data).filter(([, value]) => typeof value === 'string'))
  return { format: 1, name, namespace, data, lease: null }
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map((entry) => join(entry.parentPath, entry.name))
}

/** An object whose file holds no whole text is put aside: what it stood for is made again, with another UID. */
function loaded<Value extends { readonly format: 1 }>(path: string, log: (message: string) => void): Value | undefined {
  const read = readJson(path) as Value | undefined
  if (read?.format === 1) return read
  renameSync(path, `${path}.unreadable`)
  log(`${path} could not be read and was put aside as ${path}.unreadable`)
  return undefined
}
