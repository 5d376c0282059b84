import type { ColumnType, Generated } from 'kysely'
import type { DeploymentStatus, HealthStatus } from '../domain/deployment.ts'
import type { EndpointStatus } from '../domain/endpoint.ts'
import type { ModelStage } from '../domain/plan.ts'
import type { MergedPull, MergeSource } from '../domain/publication.ts'
import type { AttemptState, FailureClass, RunState } from '../domain/run.ts'
import type { ClosingStatus, TrackedStatus } from '../domain/tracker.ts'

/** The tables as `migrations/` makes them, for the query builder; columns that nothing here reads or writes are left out. */
export interface Tables {
  readonly projects: ProjectTable
  readonly datasets: DatasetTable
  readonly project_datasets: { project_id: string; dataset_id: string }
  readonly training_jobs: TrainingJobTable
  readonly training_job_attempts: AttemptTable
  readonly training_job_transitions: TransitionTable
  readonly training_job_events: EventTable
  readonly training_job_tracker_runs: TrackerRunTable
  readonly workflow_configs: WorkflowConfigTable
  readonly training_configs: TrainingConfigTable
  readonly metrics: MetricTable
  readonly callbacks: CallbackTable
  readonly training_job_heartbeats: HeartbeatTable
  readonly actions: ActionTable
  readonly model_catalog_entries: ModelEntryTable
  readonly model_versions: ModelVersionTable
  readonly prompt_templates: PromptTemplateTable
  readonly serving_endpoints: ServingEndpointTable
  readonly serving_deployments: ServingDeploymentTable
  readonly deployments: DeploymentTable
  readonly model_registry_versions: RegistryVersionTable
  readonly publications: PublicationTable
  readonly reconciler_fence: FenceTable
}

/** Read parsed, written as text (`jsonText`). */
type Json<Value extends object | null = object> = ColumnType<Value, string, string>
type NullableJson<Value extends object = object> = ColumnType<
  Value | null,
  string | null | undefined,
  string | null | undefined
>
type Numbers = Readonly<Record<string, number>>
type Free = Readonly<Record<string, unknown>>
type DefaultedDate = ColumnType<Date, Date | undefined, Date>

export interface ProjectTable {
  id: Generated<string>
  user_id: string | null
  name: string
  workflow_count: Generated<number>
  dataset_count: Generated<number>
  created_at: DefaultedDate
  deleted_at: Date | null
}

export interface DatasetTable {
  id: Generated<string>
  project_id: string
  name: string
  storage_path: string
  format: string
  digest: string | null
  size_bytes: number | null
}

export interface TrainingJobTable {
  id: string
  trace_id: string
  project_id: string
  environment: string
  name: string
  description: string | null
  digest: string
  status: RunState
  reason: string
  message: string
  error_message: string | null
  verdict: 'STALLED' | null
  attempt: number
  retry_count: number
  max_retries: number
  disruption_count: number
  spec_path: string
  spec_line: number
  source_repository: string | null
  source_commit: string | null
  source_dirty: boolean
  current_step: number | null
  current_epoch: number | null
  total_epochs: number | null
  progress_percentage: number | null
  allocated_gpu_type: string | null
  allocated_gpu_count: number | null
  final_metrics: NullableJson<Numbers>
  tracker_run_id: string | null
  waiting_since: Json<Readonly<Record<string, string>>>
  next_attempt_at: Date | null
  created_at: Date
  queued_at: Date | null
  started_at: Date | null
  completed_at: Date | null
  updated_at: DefaultedDate
  deleted_at: Date | null
  condensed_at: Date | null
  version: number
}

export interface AttemptTable {
  job_id: string
  attempt: number
  job_name: string
  job_uid: string | null
  applied_revision: string | null
  pods: Json
  state: AttemptState
  failure_class: FailureClass | null
  lease_granted_at: Date | null
  started_at: Date | null
  ended_at: Date | null
  disruptions: number
  checkpoint_uri: string | null
  evidence: NullableJson
  retired_at: Date | null
}

export interface TransitionTable {
  id: Generated<number>
  job_id: string
  from_status: RunState | null
  to_status: RunState
  reason: string
  message: string
  attempt: number
  recorded_at: DefaultedDate
}

export interface EventTable {
  id: Generated<number>
  job_id: string
  attempt: number | null
  source: 'reconciler' | 'trainer'
  type: string
  reason: string
  message: string
  step: number | null
  details: Json<Free>
  recorded_at: DefaultedDate
}

export interface TrackerRunTable {
  job_id: string
  attempt: number
  tracker: 'mlflow'
  tracker_run_id: string
  url: string
  experiment: string
  found_by: 'done' | 'tag'
  status: TrackedStatus
  closed_as: ClosingStatus | null
  started_at: Date | null
  ended_at: Date | null
  params: Json<Readonly<Record<string, string>>>
  metrics: Json<Numbers>
  artifact_uri: string | null
  artifacts: Json
  incomplete: Json
}

export interface WorkflowConfigTable {
  workflow_id: string
  task_type: string | null
  model_name: string | null
  model_source: string | null
  dataset_id: string | null
  num_classes: number | null
  class_names: readonly string[] | null
  hyperparameters: Json
  required_gpu_count: number
  required_memory_gb: number
}

export interface TrainingConfigTable {
  id: Generated<string>
  workflow_id: string
  version: Generated<number>
  config: Json
  plan: Json
}

export interface MetricTable {
  id: Generated<number>
  workflow_id: string
  attempt: number
  source: ColumnType<'trainer' | 'tracker', 'trainer' | 'tracker' | undefined>
  epoch: number | null
  step: number
  train_loss: number | null
  train_accuracy: number | null
  val_loss: number | null
  val_accuracy: number | null
  gpu_utilization: number | null
  memory_usage_gb: number | null
  extra_metrics: NullableJson<Numbers>
  recorded_at: Date
}

export interface CallbackTable {
  job_id: string
  attempt: number
  pod_uid: string
  kind: 'heartbeat' | 'event' | 'done'
  sequence: number
  body_hash: string
  outcome: 'stored' | 'stale'
  body: NullableJson
  received_at: Date
}

export interface HeartbeatTable {
  job_id: string
  attempt: number
  pod_uid: string
  pod_number: number
  sequence: number
  step: number
  body: Json
  received_at: Date
}

export interface ActionTable {
  id: Generated<number>
  key: string
  kind: string
  environment: string
  run_id: string
  body: Json
  tries: Generated<number>
  due_at: Date | null
  last_error: string | null
  result: string | null
  created_at: DefaultedDate
  done_at: Date | null
}

export interface ModelEntryTable {
  id: Generated<string>
  project_id: string
  name: string
  family: string | null
  updated_at: DefaultedDate
  deleted_at: Date | null
}

export interface ModelVersionTable {
  id: Generated<string>
  model_entry_id: string
  version: number
  digest: string
  artifact_path: string
  size_bytes: number
  stage: ModelStage
  framework: string | null
  hyperparameters: Json<Free>
  metrics: Json<Numbers>
  run_id: string
  run_attempt: number
  run_environment: string
  created_at: DefaultedDate
}

export interface PromptTemplateTable {
  id: Generated<string>
  project_id: string
  name: string
  template: string
  updated_at: DefaultedDate
}

export interface ServingEndpointTable {
  id: string
  model_entry_id: string
  environment: string
  route: string
  status: EndpointStatus | null
  min_replicas: number
  max_replicas: number
  created_at: Date
  runtime_image: string | null
  autoscale_policy: NullableJson
  prompt_policy_id: string | null
  use_gpu: boolean | null
  cpu_request: string | null
  cpu_limit: string | null
  memory_request: string | null
  memory_limit: string | null
  deployment_spec: NullableJson
  last_health_check: Date | null
  health_message?: string | null
  rollback_plan: string | null
  project_id: string
  name: string
  reason: string
  message: string
  url: string | null
  framework: string
  model_version: number | null
  model_digest: string | null
  spec_path: string
  spec_line: number
  revision: number
  version: number
  updated_at: Date
  deleted_at: Date | null
}

export interface ServingDeploymentTable {
  id: Generated<string>
  serving_endpoint_id: string
  serving_framework: string
  framework_resource_id: string
  framework_namespace: string
  replica_count: number
  min_replicas: number
  max_replicas: number
  autoscaling_metrics: NullableJson
  resource_requests: NullableJson
  resource_limits: NullableJson
  framework_status: NullableJson
  updated_at: DefaultedDate
}

export interface DeploymentTable {
  id: Generated<string>
  serving_endpoint_id: string
  revision: number | null
  model_entry_id: string
  model_version: number | null
  model_digest: string | null
  environment: string
  status: DeploymentStatus
  health_status: HealthStatus | null
  endpoint: string | null
  request_count: Generated<number>
  error_rate: Generated<number>
  avg_latency_ms: Generated<number>
  created_by: string | null
  created_at: DefaultedDate
  deployed_at: Date | null
  superseded_at: Date | null
  updated_at: DefaultedDate
  reason: Generated<string>
  message: Generated<string>
  weight: number | null
  log: ColumnType<readonly string[], string | undefined, string>
  commit: string | null
  pull_request: string | null
  measured_at: Date | null
}

export interface RegistryVersionTable {
  model_version_id: string
  registry: 'mlflow'
  name: string
  version: string
  aliases: readonly string[]
  url: string
  mirrored_at: DefaultedDate
}

export interface PublicationTable {
  id: Generated<number>
  commit: string
  parent: string | null
  action: string
  subject: string
  subjects: readonly string[]
  source_repository: string | null
  source_commit: string | null
  source_dirty: boolean
  request_id: string
  files: number
  committed_at: Date
  proposed_at: Date | null
  merge_commit: string | null
  merged_by: string | null
  merged_by_source: MergeSource | null
  proposed_to: string | null
  merged_pull: NullableJson<MergedPull>
}

export interface FenceTable {
  scope: string
  token: number
  holder: string
  taken_at: DefaultedDate
}
