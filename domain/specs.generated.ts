// Made of schemas/*.schema.json by `npm run generate`. Do not edit.

export const specKinds = ['Dataset', 'Environment', 'Model', 'Policy', 'PromptTemplate', 'ServingEndpoint', 'TrainingJob'] as const
export type SpecKind = (typeof specKinds)[number]
export type AnySpec = Dataset | Environment | Model | Policy | PromptTemplate | ServingEndpoint | TrainingJob

/**
 * Data that trainings learn from.
 */
export interface Dataset {
  /**
   * The version of this shape.
   */
  apiVersion: 'specyard.dev/v1'
  /**
   * The kind of document.
   */
  kind: 'Dataset'
  /**
   * Who the dataset is.
   */
  metadata: {
    /**
     * Unique among datasets of the same project. Lower-case letters, digits and hyphens; at most 40 characters, because names of Kubernetes objects are made of it.
     */
    name: string
    /**
     * The team or product that it belongs to. Decides the folder in the deploy repository and, through the Environment, the namespace.
     */
    project: string
    /**
     * A sentence for people. Changes nothing that runs.
     */
    description?: string
    /**
     * Free labels for people and searches. They change nothing that runs.
     */
    labels?: {
      /**
       * Text of at most 63 characters.
       */
      [k: string]: string
    }
  }
  /**
   * Where the data is, and in what form.
   */
  spec: {
    /**
     * A folder of this repository (local cluster), or where the store has it. The trainer sees it as DATASET_URI.
     */
    uri: string
    /**
     * Form of the files.
     */
    format: 'text' | 'csv' | 'parquet' | 'jsonl' | 'coco' | 'yolo' | 'imagenet' | 'pascal_voc'
    /**
     * SHA-256 of the data, so that what was learned from can be told for ever.
     */
    digest?: string
    /**
     * Version for people. Quote it.
     */
    version?: string
  }
}

/**
 * A place where things run, and what differs by place.
 */
export interface Environment {
  /**
   * The version of this shape.
   */
  apiVersion: 'specyard.dev/v1'
  /**
   * The kind of document.
   */
  kind: 'Environment'
  /**
   * Who the environment is.
   */
  metadata: {
    /**
     * Unique among environments. Lower-case letters, digits and hyphens; at most 40 characters, because names of Kubernetes objects are made of it.
     */
    name: string
    /**
     * A sentence for people. Changes nothing that runs.
     */
    description?: string
    /**
     * Free labels for people and searches. They change nothing that runs.
     */
    labels?: {
      /**
       * Text of at most 63 characters.
       */
      [k: string]: string
    }
  }
  /**
   * What this place has and asks for.
   */
  spec: {
    /**
     * `local` for the cluster on this machine, or a Kubernetes cluster.
     */
    cluster:
      | 'local'
      | {
          /**
           * Which cluster, and which namespace each project has there.
           */
          kubernetes: {
            /**
             * Name of the context in the kubeconfig.
             */
            context: string
            /**
             * API server as Argo CD knows it. Default https://kubernetes.default.svc, the cluster that Argo CD runs in.
             */
            server?: string
            /**
             * Namespace of each project.
             */
            namespaces: {
              /**
               * An existing namespace.
               */
              [k: string]: string
            }
          }
        }
    /**
     * The branch of the deploy repository that everything of this place is on, and on no other; several Environments may name one. Default the branch of specyard.yaml. It can be changed while nothing is deployed there.
     */
    branch?: string
    /**
     * What endpoints without a version serve: the newest version as soon as it is registered, or what a promotion puts there. Default promotion.
     */
    follow?: 'newest' | 'promotion'
    /**
     * What an image that specs name is in this place: on the local cluster the folder, relative to this repository, that holds its files; on Kubernetes the image that runs in its stead. The name stands with or without tag and digest.
     */
    images?: {
      /**
       * Local cluster: a folder inside this repository. Kubernetes: a container image.
       */
      [k: string]: string
    }
    /**
     * Where trainers report to.
     */
    callback?: {
      /**
       * Base URL of the Specyard API as pods of this place reach it.
       */
      url: string
    }
    /**
     * Kueue LocalQueues that trainings may name.
     *
     * @maxItems 200
     *
     * Items: Name of a LocalQueue.
     */
    queues?: string[]
    /**
     * The GPUs of this place.
     */
    gpuTypes?: {
      /**
       * How pods get GPUs of this type, and what they cost.
       */
      [k: string]: {
        /**
         * Extended resource. Default nvidia.com/gpu.
         */
        resource?: string
        /**
         * Labels of the nodes.
         */
        nodeSelector?: {
          /**
           * Value of the label.
           */
          [k: string]: string
        }
        /**
         * Taints of the nodes that the pods bear.
         *
         * @maxItems 50
         *
         * Items: A taint that the pods may bear.
         */
        tolerations?: {
          /**
           * Key of the taint.
           */
          key?: string
          /**
           * Exists or Equal. Default Equal where a value is given, else Exists.
           */
          operator?: 'Exists' | 'Equal'
          /**
           * Value of the taint.
           */
          value?: string
          /**
           * Effect of the taint; all when left out.
           */
          effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
        }[]
        /**
         * How many GPUs of this type there are here. With it specyard diff can say whether a rollout has room for its surge.
         */
        count?: number
        /**
         * Price of one GPU for an hour, in the team's currency.
         */
        pricePerHour?: number
      }
    }
    /**
     * Registry that images of this place come from. Read by policies alone, as environment.spec.registry.
     */
    registry?: string
    /**
     * Where data, checkpoints and models are kept.
     */
    storage?: {
      /**
       * local: a folder of this machine (local cluster only); pvc: a PersistentVolumeClaim; the others are object stores.
       */
      type: 'local' | 'pvc' | 's3' | 'r2' | 'gcs' | 'minio'
      /**
       * Local storage: folder relative to this repository. Default .specyard/storage.
       */
      path?: string
      /**
       * Name of the PersistentVolumeClaim.
       */
      claim?: string
      /**
       * Name of the bucket.
       */
      bucket?: string
      /**
       * URL of the object store.
       */
      endpoint?: string
      /**
       * Region of the bucket.
       */
      region?: string
      /**
       * Name of the Secret with the keys access_key_id and secret_access_key.
       */
      credentialsSecret?: string
    }
    /**
     * How callers reach endpoints.
     */
    ingress?: {
      /**
       * Host name that routes are served under.
       */
      host: string
      /**
       * Name of the IngressClass. Without it the default class of the cluster.
       */
      className?: string
      /**
       * What serves the class. Annotations that divide callers are written for ingress-nginx alone. Default other.
       */
      controller?: 'ingress-nginx' | 'other'
    }
    /**
     * What endpoints have here: installed backends with their versions, gateway, autoscaler, metrics. What a backend cannot do in its version is refused.
     */
    serving?: {
      /**
       * KServe, for endpoints with `framework: kserve`.
       */
      kserve?: {
        /**
         * Installed version.
         */
        version: string
        /**
         * Deployment mode of InferenceServices: Standard (Deployments; called RawDeployment before 0.16) or Knative (called Serverless).
         */
        mode: 'Standard' | 'Knative'
      }
      /**
       * KubeRay, for endpoints with `framework: ray_serve`.
       */
      kuberay?: {
        /**
         * Installed version.
         */
        version: string
        /**
         * GatewayClass by which KubeRay moves callers step by step, from 1.5.1.
         */
        gatewayClass?: string
      }
      /**
       * The Gateway (Gateway API) that callers come through: endpoints get an HTTPRoute instead of an Ingress.
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
         * Name of the listener. Without it every listener that takes the route.
         */
        section?: string
        /**
         * What runs it: envoy-gateway checks tokens and keys itself; for others a proxy beside each server does. Default other.
         */
        kind?: 'envoy-gateway' | 'other'
        /**
         * Host name that routes are served under. Default that of ingress.
         */
        host?: string
      }
      /**
       * What scales endpoints: hpa by CPU alone, keda by latency and GPU utilisation too. Default hpa.
       */
      autoscaler?: 'hpa' | 'keda'
      /**
       * Where requests are counted.
       */
      prometheus?: {
        /**
         * Address of Prometheus as KEDA and Specyard reach it, without user and password.
         */
        url?: string
        /**
         * Whether endpoints get a ServiceMonitor, by which the Prometheus Operator has them read. Default false.
         */
        serviceMonitor?: boolean
        /**
         * Labels of the ServiceMonitor, by which Prometheus selects it.
         */
        labels?: {
          /**
           * Value of the label.
           */
          [k: string]: string
        }
        /**
         * Histogram of durations in seconds that servers count requests in. Default http_request_duration_seconds.
         */
        latencyMetric?: string
      }
      /**
       * The proxy that keeps callers out where the gateway cannot.
       */
      authProxy?: {
        /**
         * Image of Envoy, pinned by its digest.
         */
        image: string
      }
    }
    /**
     * Default of endpoints that say nothing.
     */
    auth?: {
      /**
       * none, a JWT of an issuer, or an API key.
       */
      type: 'none' | 'jwt' | 'api-key'
      /**
       * URL of the issuer.
       */
      issuer?: string
      /**
       * Where the public keys of the issuer are. Default `<issuer>/.well-known/jwks.json`.
       */
      jwksUri?: string
      /**
       * A token must be for one of these. Without them any.
       *
       * @maxItems 20
       *
       * Items: One audience.
       */
      audiences?: string[]
      /**
       * Name of a Secret in the namespace of the project with a key for each caller: its value is what the caller sends as x-api-key.
       */
      secret?: string
    }
    /**
     * Where trainings keep their experiments. Counts for runs that begin after it is written.
     */
    tracker?: {
      /**
       * An MLflow tracking server. Trainers get its address and the tags by which their runs are found again.
       */
      mlflow: {
        /**
         * Address of the tracking server as pods of this place reach it, without user and password.
         */
        url: string
        /**
         * Name of the experiment that all trainings of this place belong to. Default <project>/<name>, one for each training.
         */
        experiment?: string
        /**
         * Name of the Secret with the keys username and password.
         */
        credentialsSecret?: string
        /**
         * Name of the Secret with the key token, for a server that wants a bearer token.
         */
        tokenSecret?: string
      }
    }
    /**
     * How a training gets leave to start.
     */
    lease?: {
      /**
       * required: no training starts without Specyard's lease, so that none can ever run twice. optional: it starts all the same.
       */
      mode?: 'required' | 'optional'
      /**
       * Image with a shell for the init container. Default busybox:1.37.0.
       */
      image?: string
    }
    /**
     * Seconds after which a pod on a dead node counts as lost. Default 300.
     */
    nodeLostSeconds?: number
    /**
     * What this place insists on.
     */
    protections?: {
      /**
       * Whether every image must be pinned by its digest.
       */
      imagesByDigest?: boolean
      /**
       * Whether what specs ask for in this place waits for a pull request of the deploy repository, from its branch with -next behind the name. Operations such as cancel, retry or rollback wait for none. Default false.
       */
      pullRequest?: boolean
    }
    /**
     * What a project may use here. Read by policies alone, as environment.spec.budgets.
     */
    budgets?: {
      /**
       * GPU-hours of each project in a month.
       */
      gpuHoursPerMonth?: number
    }
    /**
     * Templates that take the place of Specyard's own, for new runs. Those of an Environment take the place of those that specyard.yaml names for a project.
     */
    templates?: {
      /**
       * Handlebars file for the manifest of a training, under templates/ in the spec repository.
       */
      job?: string
    }
    /**
     * Changes of the manifests of new runs, applied in order after those that specyard.yaml has for the project, as Kustomize applies them.
     *
     * @maxItems 50
     *
     * Items: A JSON Patch (a list of operations) or a strategic merge patch (a part of the object), here or in a file.
     */
    patches?: {
      /**
       * Which objects it is for. Default: the kind that the patch names, else Job.
       */
      target?: {
        /**
         * Job, or the Service of a training on several nodes.
         */
        kind: 'Job' | 'Service'
      }
      /**
       * The patch itself: a list is a JSON Patch, a mapping a strategic merge patch; text is read as YAML.
       */
      patch?:
        | {
            /**
             * What is done.
             */
            op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
            /**
             * JSON pointer into the object.
             */
            path: string
            /**
             * JSON pointer to what is moved or copied.
             */
            from?: string
            /**
             * What is added, put in the place of something, or expected.
             */
            value?: {
              [k: string]: unknown
            }
          }[]
        | {
            /**
             * A field of the object.
             */
            [k: string]: {
              [k: string]: unknown
            }
          }
        | string
      /**
       * File of the spec repository with the patch, under templates/.
       */
      path?: string
    }[]
    /**
     * Minor version of the API server here, by whose schemas manifests are checked. Default 1.36.
     */
    kubernetesVersion?: '1.34' | '1.35' | '1.36'
  }
}

/**
 * A model by name; trainings register versions of it and endpoints serve them.
 */
export interface Model {
  /**
   * The version of this shape.
   */
  apiVersion: 'specyard.dev/v1'
  /**
   * The kind of document.
   */
  kind: 'Model'
  /**
   * Who the model is.
   */
  metadata: {
    /**
     * Unique among models of the same project. Lower-case letters, digits and hyphens; at most 40 characters, because names of Kubernetes objects are made of it.
     */
    name: string
    /**
     * The team or product that it belongs to. Decides the folder in the deploy repository and, through the Environment, the namespace.
     */
    project: string
    /**
     * A sentence for people. Changes nothing that runs.
     */
    description?: string
    /**
     * Free labels for people and searches. They change nothing that runs.
     */
    labels?: {
      /**
       * Text of at most 63 characters.
       */
      [k: string]: string
    }
  }
  /**
   * What it is.
   */
  spec: {
    /**
     * Family of the model, such as llama, mistral or gemma.
     */
    family: string
    /**
     * What it can do.
     *
     * @maxItems 50
     *
     * Items: One task.
     */
    taskTypes?: string[]
    /**
     * What runs it.
     */
    framework?: string
    /**
     * SPDX identifier of its licence.
     */
    licence?: string
    /**
     * Where more is said about it.
     */
    documentationUrl?: string
  }
}

/**
 * What the rendered manifests must be, in the shape and the language of a ValidatingAdmissionPolicy.
 */
export interface Policy {
  /**
   * The version of this shape.
   */
  apiVersion: 'specyard.dev/v1'
  /**
   * The kind of document.
   */
  kind: 'Policy'
  /**
   * Who the policy is.
   */
  metadata: {
    /**
     * Unique among policies. Lower-case letters, digits and hyphens; at most 40 characters, because names of Kubernetes objects are made of it.
     */
    name: string
    /**
     * A sentence for people. Changes nothing that runs.
     */
    description?: string
    /**
     * Free labels for people and searches. They change nothing that runs.
     */
    labels?: {
      /**
       * Text of at most 63 characters.
       */
      [k: string]: string
    }
  }
  /**
   * What is judged, and by which expressions.
   */
  spec: {
    /**
     * Which specs it is about. Everything when left out.
     */
    match?: {
      /**
       * Names of Environments.
       *
       * @minItems 1
       * @maxItems 100
       *
       * Items: One of them.
       */
      environments?: string[]
      /**
       * Names of projects.
       *
       * @minItems 1
       * @maxItems 100
       *
       * Items: One of them.
       */
      projects?: string[]
      /**
       * Kinds of clusters.
       *
       * @minItems 1
       * @maxItems 2
       *
       * Items: local or kubernetes.
       */
      clusters?: ('local' | 'kubernetes')[]
    }
    /**
     * Which manifests it is about, in the words of a ValidatingAdmissionPolicy.
     */
    matchConstraints: {
      /**
       * A manifest that fits one of them is judged.
       *
       * @minItems 1
       * @maxItems 20
       *
       * Items: Manifests by their group, version and resource, as the API server names them.
       */
      resourceRules: {
        /**
         * Groups of the API; an empty text is the core group, * is all.
         *
         * @minItems 1
         * @maxItems 50
         *
         * Items: One of them, or *.
         */
        apiGroups: string[]
        /**
         * Versions of the groups; * is all.
         *
         * @minItems 1
         * @maxItems 50
         *
         * Items: One of them, or *.
         */
        apiVersions: string[]
        /**
         * For the cluster: what is done. What Specyard renders is always about to be created. Default CREATE and UPDATE.
         *
         * @minItems 1
         * @maxItems 2
         *
         * Items: One of them.
         */
        operations?: ('CREATE' | 'UPDATE')[]
        /**
         * Resources in the plural, as in kubectl api-resources; * is all.
         *
         * @minItems 1
         * @maxItems 50
         *
         * Items: One of them, or *.
         */
        resources: string[]
      }[]
    }
    /**
     * Only manifests for which all of these are true are judged.
     *
     * @maxItems 64
     *
     * Items: A condition with its name.
     */
    matchConditions?: {
      /**
       * Says what the condition is about.
       */
      name: string
      /**
       * CEL that is true or false.
       */
      expression: string
    }[]
    /**
     * Values that later expressions call variables.<name>; each may use those before it.
     *
     * @maxItems 32
     *
     * Items: A value with its name.
     */
    variables?: {
      /**
       * The name behind variables.
       */
      name: string
      /**
       * CEL of any type.
       */
      expression: string
    }[]
    /**
     * What must be true of every manifest that is judged.
     *
     * @minItems 1
     * @maxItems 64
     *
     * Items: An expression that must be true, and what to say where it is not.
     */
    validations: {
      /**
       * CEL that is true of what is allowed.
       */
      expression: string
      /**
       * What people are told where the expression is false.
       */
      message?: string
      /**
       * CEL that makes the message; where it fails, the message is told.
       */
      messageExpression?: string
      /**
       * What the API server answers in the cluster. Default Invalid.
       */
      reason?: 'Unauthorized' | 'Forbidden' | 'Invalid' | 'RequestEntityTooLarge'
    }[]
    /**
     * Deny stops the publication of everything, Warn stops nothing. Default Deny.
     *
     * @minItems 1
     * @maxItems 1
     *
     * Items: Deny or Warn.
     */
    validationActions?: ('Deny' | 'Warn')[]
    /**
     * Whether specyard policies --output admission makes a ValidatingAdmissionPolicy of it. Default true.
     */
    admission?: boolean
  }
}

/**
 * The text around what callers of an endpoint ask.
 */
export interface PromptTemplate {
  /**
   * The version of this shape.
   */
  apiVersion: 'specyard.dev/v1'
  /**
   * The kind of document.
   */
  kind: 'PromptTemplate'
  /**
   * Who the prompt template is.
   */
  metadata: {
    /**
     * Unique among prompt templates of the same project. Lower-case letters, digits and hyphens; at most 40 characters, because names of Kubernetes objects are made of it.
     */
    name: string
    /**
     * The team or product that it belongs to. Decides the folder in the deploy repository and, through the Environment, the namespace.
     */
    project: string
    /**
     * A sentence for people. Changes nothing that runs.
     */
    description?: string
    /**
     * Free labels for people and searches. They change nothing that runs.
     */
    labels?: {
      /**
       * Text of at most 63 characters.
       */
      [k: string]: string
    }
  }
  /**
   * The template.
   */
  spec: {
    /**
     * The template; the server of the endpoint fills it in.
     */
    text: string
  }
}

/**
 * A model that should be served, in one or more environments.
 */
export interface ServingEndpoint {
  /**
   * The version of this shape.
   */
  apiVersion: 'specyard.dev/v1'
  /**
   * The kind of document.
   */
  kind: 'ServingEndpoint'
  /**
   * Who the serving endpoint is.
   */
  metadata: {
    /**
     * Unique among serving endpoints of the same project. Lower-case letters, digits and hyphens; at most 40 characters, because names of Kubernetes objects are made of it.
     */
    name: string
    /**
     * The team or product that it belongs to. Decides the folder in the deploy repository and, through the Environment, the namespace.
     */
    project: string
    /**
     * A sentence for people. Changes nothing that runs.
     */
    description?: string
    /**
     * Free labels for people and searches. They change nothing that runs.
     */
    labels?: {
      /**
       * Text of at most 63 characters.
       */
      [k: string]: string
    }
  }
  /**
   * What should be served, and how.
   */
  spec: {
    /**
     * Which model is served. The version is pinned in each environment.
     */
    model: {
      /**
       * Name of a Model document of the same project.
       */
      ref: string
      /**
       * Family of the model, such as llama, mistral or gemma.
       */
      family: string
      /**
       * The kind of work on a language model.
       */
      jobType?: 'SFT' | 'RAG_TUNING' | 'RLHF' | 'PRETRAIN' | 'EMBEDDING'
      /**
       * The version to serve. Without it a promotion decides, or the newest one where the Environment follows it.
       */
      version?: number
    }
    /**
     * What callers get: generated text, or answers from retrieved documents.
     */
    serveTarget: 'GENERATION' | 'RAG'
    /**
     * What serves it: an HTTP server in a container (fastapi), KServe or Ray Serve.
     */
    framework: 'fastapi' | 'kserve' | 'ray_serve'
    /**
     * The application that Ray runs, for `framework: ray_serve`.
     */
    rayServe?: {
      /**
       * Module and variable of the application.
       */
      importPath: string
      /**
       * Name of the deployment in it that replicas are counted of.
       */
      deployment: string
      /**
       * Version of Ray in the image.
       */
      rayVersion: string
    }
    /**
     * Container image, best pinned by its digest (`name@sha256:…`), which some Environments require.
     */
    image: string
    /**
     * The program and its first arguments, instead of the image's own entry point.
     *
     * @maxItems 256
     *
     * Items: One word; no shell looks at it.
     */
    command?: string[]
    /**
     * Further arguments, after the command or the image's entry point.
     *
     * @maxItems 256
     *
     * Items: One word; no shell looks at it.
     */
    args?: string[]
    /**
     * Variables of the container: literals (always text; quote numbers), or a key of a Secret. Secrets are named here, never written.
     */
    env?: {
      /**
       * A literal text, or where a Secret keeps it.
       */
      [k: string]:
        | string
        | {
            /**
             * Name of the Secret.
             */
            secret: string
            /**
             * Key inside the Secret.
             */
            key: string
          }
    }
    /**
     * Port that the server listens on inside its pod.
     */
    port: number
    /**
     * Path under which callers reach it.
     */
    route: string
    /**
     * How to find out whether it is ready.
     */
    probe?: {
      /**
       * Answers 200 when it is ready. Default /healthz.
       */
      path?: string
      /**
       * Seconds before the first look. Default 0.
       */
      initialDelaySeconds?: number
      /**
       * Seconds between looks. Default 5.
       */
      periodSeconds?: number
    }
    /**
     * The text around what callers ask.
     */
    promptTemplate?: {
      /**
       * Name of a PromptTemplate document of the same project.
       */
      ref: string
    }
    /**
     * What one pod may use. Without it: 1 to 2 cores, 1 to 2 GiB, no GPU.
     */
    resources?: {
      /**
       * Number of GPUs of one pod.
       */
      gpus?: number
      /**
       * A GPU type that the Environment offers; it knows the resource name, the nodes and the price.
       */
      gpuType?: string
      /**
       * Memory that the model needs on each GPU, gigabytes.
       */
      gpuMemoryGb?: number
      /**
       * Processor time in cores.
       */
      cpu?: {
        /**
         * What the scheduler reserves. Kubernetes quantity: cores such as "2", or thousandths such as "500m". Quote it.
         */
        request?: string
        /**
         * What it may use at most. Kubernetes quantity: cores such as "2", or thousandths such as "500m". Quote it.
         */
        limit?: string
      }
      /**
       * Memory in bytes.
       */
      memory?: {
        /**
         * What the scheduler reserves. Kubernetes quantity: bytes with a unit, such as "8Gi" (binary) or "8G" (decimal).
         */
        request?: string
        /**
         * Beyond this the kernel ends the process (OOM). Kubernetes quantity: bytes with a unit, such as "8Gi" (binary) or "8G" (decimal).
         */
        limit?: string
      }
    }
    /**
     * Limits of one replica.
     */
    runtime?: {
      /**
       * Requests at the same time.
       */
      maxConcurrentRequests?: number
      /**
       * Longest input, tokens.
       */
      maxInputTokens?: number
      /**
       * Longest answer, tokens.
       */
      maxOutputTokens?: number
    }
    /**
     * How many copies run.
     */
    replicas?: {
      /**
       * At least this many pods. Default 1.
       */
      min?: number
      /**
       * At most this many pods. Default 1, or `min` where that is more.
       */
      max?: number
    }
    /**
     * What decides between the least and the most replicas.
     */
    autoscale?: {
      /**
       * Milliseconds that an answer may take.
       */
      targetLatencyMs?: number
      /**
       * Per cent to aim for.
       */
      gpuUtilization?: number
      /**
       * Per cent of the request to aim for.
       */
      cpuUtilization?: number
    }
    /**
     * How a new version takes over.
     */
    rollout?: {
      /**
       * rolling replaces pod by pod; canary and blue-green run both.
       */
      strategy: 'rolling' | 'canary' | 'blue-green'
      /**
       * Where a rollout starts; together 100.
       */
      trafficSplit?: {
        /**
         * Per cent for the version that serves.
         */
        old: number
        /**
         * Per cent for the new version.
         */
        new: number
      }
      /**
       * Pods beyond the wanted number during a rollout. Default 1.
       */
      maxSurge?: number
      /**
       * Pods that may be missing during a rollout. Default 0.
       */
      maxUnavailable?: number
    }
    /**
     * Who may call it.
     */
    auth?: {
      /**
       * none, a JWT of an issuer, or an API key.
       */
      type: 'none' | 'jwt' | 'api-key'
      /**
       * URL of the issuer of the tokens.
       */
      issuer?: string
      /**
       * Where the public keys of the issuer are. Default `<issuer>/.well-known/jwks.json`.
       */
      jwksUri?: string
      /**
       * A token must be for one of these. Without them any.
       *
       * @maxItems 20
       *
       * Items: One audience.
       */
      audiences?: string[]
      /**
       * Name of a Secret in the namespace of the project with a key for each caller: its value is what the caller sends as x-api-key.
       */
      secret?: string
    }
    /**
     * A sentence for the person who has to roll it back.
     */
    rollbackPlan?: string
    /**
     * Seconds between the request to stop (SIGTERM) and the end by force. Default 30.
     */
    terminationGraceSeconds?: number
    /**
     * Where it runs. Each value is a JSON Merge Patch (RFC 7396) over this spec; nothing to change is {}.
     */
    environments: {
      /**
       * What differs in this environment. Lists are replaced whole, and null means as if not written.
       */
      [k: string]: {}
    }
  }
}

/**
 * A training that should run once: what is learned, from what, with what, and where. A change of it supersedes the run that it asked for; raise `rerun` to train the same again.
 */
export interface TrainingJob {
  /**
   * The version of this shape.
   */
  apiVersion: 'specyard.dev/v1'
  /**
   * The kind of document.
   */
  kind: 'TrainingJob'
  /**
   * Who the training job is.
   */
  metadata: {
    /**
     * Unique among training jobs of the same project and environment. Lower-case letters, digits and hyphens; at most 40 characters, because names of Kubernetes objects are made of it.
     */
    name: string
    /**
     * The team or product that it belongs to. Decides the folder in the deploy repository and, through the Environment, the namespace.
     */
    project: string
    /**
     * A sentence for people. Changes nothing that runs.
     */
    description?: string
    /**
     * Free labels for people and searches. They change nothing that runs.
     */
    labels?: {
      /**
       * Text of at most 63 characters.
       */
      [k: string]: string
    }
  }
  /**
   * What should run.
   */
  spec: {
    /**
     * Name of the Environment document that it runs in.
     */
    environment: string
    /**
     * What the model learns to do.
     */
    task: {
      /**
       * The kind of task.
       */
      type:
        | 'classification'
        | 'detection'
        | 'segmentation'
        | 'regression'
        | 'language-modelling'
        | 'embedding'
        | 'ranking'
        | 'speech'
        | 'reinforcement'
        | 'other'
      /**
       * How many classes there are.
       */
      numClasses?: number
      /**
       * Names of the classes, in the order of their numbers.
       *
       * @maxItems 100000
       *
       * Items: One name.
       */
      classNames?: string[]
    }
    /**
     * The kind of work on a language model.
     */
    jobType?: 'SFT' | 'RAG_TUNING' | 'RLHF' | 'PRETRAIN' | 'EMBEDDING'
    /**
     * What is trained.
     */
    model: {
      /**
       * Name of the architecture or base model, as its source knows it. The trainer sees it as MODEL_NAME.
       */
      name: string
      /**
       * Where the architecture or base model comes from.
       */
      source: 'timm' | 'huggingface' | 'ultralytics' | 'custom'
      /**
       * Whether training starts from pretrained weights.
       */
      pretrained?: boolean
      /**
       * Which weights, as the source knows them.
       */
      pretrainedWeights?: string
    }
    /**
     * What it learns from.
     */
    dataset: {
      /**
       * Name of a Dataset document of the same project.
       */
      ref: string
      /**
       * Shares of the data; together 1.
       */
      splits?: {
        /**
         * Share that is learned from, 0 to 1.
         */
        train: number
        /**
         * Share that is watched while learning, 0 to 1.
         */
        validation: number
        /**
         * Share that is never seen before the end, 0 to 1.
         */
        test: number
      }
      /**
       * What the trainer does to the data, in its own words.
       */
      augmentation?: {
        /**
         * A text, number or switch.
         */
        [k: string]: string | number | boolean
      }
    }
    /**
     * How it learns.
     */
    training: {
      /**
       * How many times the training data is gone through. The trainer sees it as EPOCHS.
       */
      epochs: number
      /**
       * Examples for each step.
       */
      batchSize?: number
      /**
       * Size of a step, without unit.
       */
      learningRate?: number
      /**
       * Name of the optimizer, as the trainer knows it.
       */
      optimizer?: string
      /**
       * How the learning rate changes.
       */
      scheduler?: {
        /**
         * Name of the schedule, as the trainer knows it.
         */
        type: string
        /**
         * Epochs during which the rate rises from zero.
         */
        warmupEpochs?: number
        /**
         * Further parameters of the schedule.
         */
        parameters?: {
          /**
           * A text, number or switch.
           */
          [k: string]: string | number | boolean
        }
      }
      /**
       * When to end before the last epoch.
       */
      earlyStop?: {
        /**
         * Whether it may end early.
         */
        enabled: boolean
        /**
         * Epochs without improvement before it ends.
         */
        patience?: number
        /**
         * The metric that must improve.
         */
        metric?: string
      }
      /**
       * Seed of every random choice, so that a training can be repeated.
       */
      seed?: number
      /**
       * A trainer's own hyperparameters, in its own words.
       */
      parameters?: {
        /**
         * A text, number or switch.
         */
        [k: string]: string | number | boolean
      }
    }
    /**
     * Container image, best pinned by its digest (`name@sha256:…`), which some Environments require.
     */
    image: string
    /**
     * The program and its first arguments, instead of the image's own entry point.
     *
     * @maxItems 256
     *
     * Items: One word; no shell looks at it.
     */
    command?: string[]
    /**
     * Further arguments, after the command or the image's entry point.
     *
     * @maxItems 256
     *
     * Items: One word; no shell looks at it.
     */
    args?: string[]
    /**
     * Variables of the container: literals (always text; quote numbers), or a key of a Secret. Secrets are named here, never written.
     */
    env?: {
      /**
       * A literal text, or where a Secret keeps it.
       */
      [k: string]:
        | string
        | {
            /**
             * Name of the Secret.
             */
            secret: string
            /**
             * Key inside the Secret.
             */
            key: string
          }
    }
    /**
     * What one pod may use. Without it: 2 to 4 cores, 8 to 16 GiB, no GPU.
     */
    resources?: {
      /**
       * Number of GPUs of one pod.
       */
      gpus?: number
      /**
       * A GPU type that the Environment offers; it knows the resource name, the nodes and the price.
       */
      gpuType?: string
      /**
       * Processor time in cores.
       */
      cpu?: {
        /**
         * What the scheduler reserves. Kubernetes quantity: cores such as "2", or thousandths such as "500m". Quote it.
         */
        request?: string
        /**
         * What it may use at most. Kubernetes quantity: cores such as "2", or thousandths such as "500m". Quote it.
         */
        limit?: string
      }
      /**
       * Memory in bytes.
       */
      memory?: {
        /**
         * What the scheduler reserves. Kubernetes quantity: bytes with a unit, such as "8Gi" (binary) or "8G" (decimal).
         */
        request?: string
        /**
         * Beyond this the kernel ends the process (OOM). Kubernetes quantity: bytes with a unit, such as "8Gi" (binary) or "8G" (decimal).
         */
        limit?: string
      }
    }
    /**
     * Number of pods that train together. More than one makes an Indexed Job with MASTER_ADDR, NODE_RANK and the like.
     */
    nodes?: number
    /**
     * What happens after a failure. What the cluster took away (a preemption, an eviction, a lost node) is counted apart and is not the application's fault.
     */
    retry?: {
      /**
       * New attempts after failures of the application. Default 3.
       */
      maxRetries?: number
      /**
       * Which failures of the application are tried again. Default APP_EXIT and OOM.
       *
       * @maxItems 4
       *
       * Items: A class of failures.
       */
      on?: ('APP_EXIT' | 'OOM' | 'DEADLINE' | 'STALLED')[]
      /**
       * Seconds before the first new attempt; doubled for each further one. Default 30.
       */
      backoffSeconds?: number
      /**
       * How often the cluster may take it away before it counts as failed. Default 10.
       */
      maxDisruptions?: number
    }
    /**
     * Seconds after which an attempt is ended. Default 86400 (a day).
     */
    timeoutSeconds?: number
    /**
     * Seconds that a finished Job is kept before a commit retires it. Default 3600.
     */
    ttlSecondsAfterFinished?: number
    /**
     * Seconds that the process may live on after the trainer has reported its end. Default 30.
     */
    exitGraceSeconds?: number
    /**
     * Seconds between the request to stop (SIGTERM) and the end by force. Default 30.
     */
    terminationGraceSeconds?: number
    /**
     * When a training counts as standing still.
     */
    stall?: {
      /**
       * Times its own mean step time without a step. Default 10.
       */
      factor?: number
      /**
       * Whether a stalled attempt is ended. Default false: it is only reported.
       */
      end?: boolean
    }
    /**
     * A Kueue LocalQueue that the Environment offers; admission, nodes and tolerations are then the queue's.
     */
    queue?: string
    /**
     * Raise it by one to train the same spec again. Default 0.
     */
    rerun?: number
    /**
     * The model that comes out.
     */
    output?: {
      /**
       * Name of a Model document of the same project; each success registers a version of it.
       */
      model: string
      /**
       * Stage of a new version.
       */
      stage?: 'experimental' | 'staging' | 'production' | 'archived'
    }
  }
}
