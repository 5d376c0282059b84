/*
 * What is built, from which Go module. Each recipe has its go.mod and go.sum in tools/<name>: they pin every line of source.
 */

export interface Recipe {
  /** Folder in tools/. */
  readonly name: string
  /** Said while it is built. */
  readonly holds: string
  /** Name of the program → Go package. */
  readonly programs: Readonly<Record<string, string>>
  readonly tags: readonly string[]
  /** Go variable → its value, where {module@version} stands for the version of a module as go.mod has it. */
  readonly stamps: Readonly<Record<string, string>>
  /** Files of modules that the programs need beside them: name under share/ → module and path in it. */
  readonly share: Readonly<Record<string, { readonly module: string; readonly path: string }>>
}

const kubernetes = 'k8s.io/kubernetes'
const argocd = 'github.com/argoproj/argo-cd/v3'

const core: Recipe = {
  name: 'core',
  holds: 'etcd, Kubernetes, kwok, Argo CD, Helm and kubeconform',
  programs: {
    'kube-apiserver': `${kubernetes}/cmd/kube-apiserver`,
    'kube-controller-manager': `${kubernetes}/cmd/kube-controller-manager`,
    'kube-scheduler': `${kubernetes}/cmd/kube-scheduler`,
    kubelet: `${kubernetes}/cmd/kubelet`,
    kubectl: `${kubernetes}/cmd/kubectl`,
    etcd: 'go.etcd.io/etcd/server/v3',
    kwok: 'sigs.k8s.io/kwok/cmd/kwok',
    argocd: `${argocd}/cmd`,
    helm: 'helm.sh/helm/v3/cmd/helm',
    kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform',
  },
  tags: [],
  // Without them the API server calls itself v0.0.0, and clients believe it.
  stamps: {
    'k8s.io/component-base/version.gitVersion': `{${kubernetes}}`,
    'k8s.io/component-base/version.gitMajor': `{${kubernetes}:major}`,
    'k8s.io/component-base/version.gitMinor': `{${kubernetes}:minor}`,
    'k8s.io/client-go/pkg/version.gitVersion': `{${kubernetes}}`,
    [`${argocd}/common.version`]: `{${argocd}:plain}`,
  },
  share: {
    'argocd-crds': { module: argocd, path: 'manifests/crds' },
    // The repository server runs this script for each manifest that it generates.
    'git-verify-wrapper.sh': { module: argocd, path: 'hack/git-verify-wrapper.sh' },
    'kwok-node': { module: 'sigs.k8s.io/kwok', path: 'kustomize/stage/node' },
  },
}

const containerd: Recipe = {
  name: 'containerd',
  holds: 'containerd',
  programs: {
    containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
    'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
    ctr: 'github.com/containerd/containerd/v2/cmd/ctr',
  },
  tags: ['no_btrfs', 'no_zfs', 'no_devmapper'],
  stamps: {},
  share: {},
}

const kueue: Recipe = {
  name: 'kueue',
  holds: 'Kueue',
  programs: { kueue: 'sigs.k8s.io/kueue/cmd/kueue' },
  tags: [],
  stamps: {},
  share: {
    crds: { module: 'sigs.k8s.io/kueue', path: 'config/components/crd/bases' },
    'webhooks.yaml': { module: 'sigs.k8s.io/kueue', path: 'config/components/webhook/manifests.yaml' },
  },
}

const coredns: Recipe = {
  name: 'coredns',
  holds: 'CoreDNS',
  // Our own main package, beside its go.mod.
  programs: { coredns: 'specyard.dev/testbed/coredns' },
  tags: [],
  stamps: {},
  share: {},
}

const kserveModule = 'github.com/kserve/kserve'

const kserve: Recipe = {
  name: 'kserve',
  holds: 'KServe',
  // Our own main package, beside its go.mod.
  programs: { kserve: 'specyard.dev/testbed/kserve' },
  tags: [],
  stamps: {},
  share: {
    crds: { module: kserveModule, path: 'config/crd/full' },
    'settings.yaml': { module: kserveModule, path: 'config/configmap/inferenceservice.yaml' },
    'webhooks.yaml': { module: kserveModule, path: 'config/webhook/manifests.yaml' },
  },
}

const kuberayModule = 'github.com/ray-project/kuberay/ray-operator'

const kuberay: Recipe = {
  name: 'kuberay',
  holds: 'KubeRay',
  programs: { 'ray-operator': kuberayModule },
  tags: [],
  stamps: {},
  share: { crds: { module: kuberayModule, path: 'config/crd/bases' } },
}

const metricsServer: Recipe = {
  name: 'metrics-server',
  holds: 'metrics-server',
  programs: { 'metrics-server': 'sigs.k8s.io/metrics-server/cmd/metrics-server' },
  tags: [],
  stamps: {},
  share: {},
}

/** Parts of a bed that one test alone starts: built when that test asks for them. */
export const servingRecipes = { kserve, kuberay, metricsServer }

export const recipes = { core, containerd, kueue, coredns }

const kubeStateMetrics: Recipe = {
  name: 'kube-state-metrics',
  holds: 'kube-state-metrics',
  programs: { 'kube-state-metrics': 'k8s.io/kube-state-metrics/v2' },
  tags: [],
  stamps: {},
  share: {},
}

const compiling: Recipe = {
  name: 'compiling',
  holds: 'Helm, its library and kubeconform',
  programs: {
    helm: 'helm.sh/helm/v3/cmd/helm',
    // Our own main package, beside its go.mod.
    'helm-library': 'specyard.dev/testbed/compiling',
    kubeconform: 'github.com/yannh/kubeconform/cmd/kubeconform',
  },
  tags: [],
  stamps: {},
  share: {},
}

/** No part of the bed: what it is measured beside. Built when a bench asks for it. */
export const peerRecipes = { kubeStateMetrics, compiling }
