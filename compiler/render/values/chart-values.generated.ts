// Made of charts/serving-endpoint/values.schema.json by `npm run generate`. Do not edit.

/**
 * The container image.
 */
export type Image = string
/**
 * The folder that stands for the image on the local cluster.
 */
export type ImageFolder = string | null
/**
 * Words of a command line.
 */
export type Words = string[]
/**
 * Variables of the container.
 */
export type Env = {
  /**
   * Name.
   */
  name: string
  /**
   * Value.
   */
  value?: string
  /**
   * Where the value comes from.
   */
  valueFrom?: {
    [k: string]: unknown
  }
}[]
/**
 * Volumes of the pod.
 */
export type Volumes = {
  /**
   * Name.
   */
  name: string
  [k: string]: unknown
}[]
/**
 * Where the container sees them.
 */
export type VolumeMounts = {
  /**
   * Name of the volume.
   */
  name: string
  /**
   * Path.
   */
  mountPath: string
  /**
   * Whether nothing may be written.
   */
  readOnly?: boolean
  [k: string]: unknown
}[]
/**
 * The port that the server listens on.
 */
export type Port = number
/**
 * Seconds between SIGTERM and the end by force.
 */
export type Grace = number
/**
 * Taints that pods tolerate.
 */
export type Tolerations = {
  /**
   * Exists or Equal.
   */
  operator?: string
  /**
   * Key of the taint.
   */
  key?: string
  /**
   * Its value.
   */
  value?: string
  /**
   * Its effect.
   */
  effect?: string
  [k: string]: unknown
}[]
/**
 * The text around what callers ask.
 */
export type PromptTemplate = {
  /**
   * Name.
   */
  name: string
  /**
   * The text.
   */
  text: string
} | null

/**
 * Values of the chart serving-endpoint.
 */
export interface ChartValues {
  /**
   * Helm's.
   */
  global?: {
    [k: string]: unknown
  }
  /**
   * What serves it.
   */
  framework: 'fastapi' | 'kserve' | 'ray_serve'
  /**
   * Name of the endpoint and of its objects.
   */
  name: string
  /**
   * The release that it serves: stands on the Deployment, so that what runs can be told from what is published.
   */
  revision?: number
  /**
   * The project.
   */
  project: string
  /**
   * The environment.
   */
  environment: string
  /**
   * Labels of every object.
   */
  labels?: {
    [k: string]: string
  }
  model: Model
  image: Image
  imageFolder?: ImageFolder
  command?: Words
  args?: Words
  env?: Env
  volumes?: Volumes
  volumeMounts?: VolumeMounts
  port: Port
  /**
   * Path under which callers reach it.
   */
  route: string
  /**
   * Host name under which callers reach it.
   */
  host?: string | null
  probe: Probe
  terminationGracePeriodSeconds?: Grace
  resources?: Resources
  nodeSelector?: NodeSelector
  tolerations?: Tolerations
  replicas: Replicas
  /**
   * What the autoscaler aims for; null for none.
   */
  autoscale?: {
    /**
     * Milliseconds that an answer may take.
     */
    targetLatencyMs?: number | null
    /**
     * Per cent of its GPUs.
     */
    gpuUtilization?: number | null
    /**
     * Per cent of the CPU request.
     */
    cpuUtilization?: number | null
  } | null
  /**
   * How a new release takes over.
   */
  rollout: {
    /**
     * How a new release takes over.
     */
    strategy: 'rolling' | 'canary' | 'blue-green'
    /**
     * Pods beyond the wanted number.
     */
    maxSurge: number
    /**
     * Pods that may be missing.
     */
    maxUnavailable: number
    /**
     * How KubeRay moves callers to a new cluster step by step.
     */
    steps?: {
      /**
       * Per cent of the callers that each step moves.
       */
      stepPercent: number
      /**
       * Per cent of the capacity that may come beyond it.
       */
      surgePercent: number
      /**
       * Seconds between two steps.
       */
      intervalSeconds: number
      /**
       * GatewayClass of the Gateway that KubeRay makes.
       */
      gatewayClass: string
    }
  }
  /**
   * Who may call it.
   */
  auth: {
    /**
     * Who may call it.
     */
    type: 'none' | 'jwt' | 'api-key'
    /**
     * Issuer of the tokens.
     */
    issuer?: string | null
    /**
     * Where the keys of the issuer are.
     */
    jwksUri?: string
    /**
     * Audiences of which a token must name one.
     */
    audiences?: string[]
    /**
     * Secret with a key for each caller.
     */
    secret?: string
    /**
     * What keeps callers out.
     */
    by?: 'envoy-gateway' | 'proxy'
    /**
     * Image of Envoy, for the proxy beside the server.
     */
    image?: string
  }
  promptTemplate?: PromptTemplate
  /**
   * The Gateway that callers come through; an HTTPRoute instead of an Ingress.
   */
  gateway?: {
    /**
     * Name of the Gateway.
     */
    name: string
    /**
     * Its namespace.
     */
    namespace: string
    /**
     * Name of its listener.
     */
    section?: string
  }
  /**
   * The Ingress.
   */
  ingress?: {
    /**
     * Its class.
     */
    className?: string
    /**
     * What serves the class: annotations are written for those alone that know them.
     */
    controller?: 'ingress-nginx' | 'other'
  }
  /**
   * What scales: the HorizontalPodAutoscaler, or KEDA.
   */
  autoscaler?: 'hpa' | 'keda'
  /**
   * Where requests are counted.
   */
  prometheus?: {
    /**
     * Its address, as KEDA reaches it.
     */
    url?: string
    /**
     * Whether a ServiceMonitor is made.
     */
    serviceMonitor: boolean
    /**
     * Labels of the ServiceMonitor, by which Prometheus finds it.
     */
    labels: {
      [k: string]: string
    }
    /**
     * Name of the histogram of durations, in seconds.
     */
    latencyMetric: string
  }
  /**
   * KServe, as it is installed.
   */
  kserve?: {
    /**
     * Version of KServe.
     */
    version: string
    /**
     * Deployment mode.
     */
    mode: 'Standard' | 'Knative'
    /**
     * Requests at the same time in one pod.
     */
    concurrency?: number | null
  }
  /**
   * KubeRay, as it is installed, and what it runs.
   */
  rayServe?: {
    /**
     * Version of KubeRay.
     */
    version: string
    /**
     * Version of Ray in the image.
     */
    rayVersion: string
    /**
     * The application: module and variable.
     */
    importPath: string
    /**
     * Name of its deployment.
     */
    deployment: string
    /**
     * Requests at the same time in one replica.
     */
    concurrency?: number | null
  }
  /**
   * The release that is being rolled out beside the one above.
   */
  candidate?: {
    /**
     * Per cent of the callers that it gets.
     */
    weight: number
    /**
     * Its release.
     */
    revision: number
    replicas: Replicas
    model: Model
    image: Image
    imageFolder?: ImageFolder
    command?: Words
    args?: Words
    env?: Env
    volumes?: Volumes
    volumeMounts?: VolumeMounts
    port: Port
    probe: Probe
    terminationGracePeriodSeconds?: Grace
    resources?: Resources
    nodeSelector?: NodeSelector
    tolerations?: Tolerations
    promptTemplate?: PromptTemplate
  }
}
/**
 * The model version that is served.
 */
export interface Model {
  /**
   * Name of the model.
   */
  name: string
  /**
   * Its version, counted from 1.
   */
  version: number
  /**
   * SHA-256 of its bytes: the identity of the version.
   */
  digest: string
  /**
   * Where the bytes are.
   */
  uri: string
  /**
   * Family of the model.
   */
  family?: string
}
/**
 * How to find out whether it is ready.
 */
export interface Probe {
  /**
   * Path that answers 200 to 399 when it can serve.
   */
  path: string
  /**
   * Seconds before the first look.
   */
  initialDelaySeconds: number
  /**
   * Seconds between two looks.
   */
  periodSeconds: number
}
/**
 * Requests and limits of a pod.
 */
export interface Resources {
  /**
   * What the scheduler reserves.
   */
  requests?: {
    [k: string]: string | number
  }
  /**
   * What it may use at most, GPUs included.
   */
  limits?: {
    [k: string]: string | number
  }
}
/**
 * Labels of the nodes that pods may run on.
 */
export interface NodeSelector {
  [k: string]: string
}
/**
 * How many pods run.
 */
export interface Replicas {
  /**
   * At least.
   */
  min: number
  /**
   * At most.
   */
  max: number
}
