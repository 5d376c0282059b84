/** An error stops the publication of everything; a warning and a note stop nothing. */
export type Severity = 'error' | 'warning' | 'note'

/**
 * Every problem that specs can have, with its severity. `docs/errors.md` has a section for each; a test holds the two together.
 */
export const problemCodes = {
  // reading files
  FILE_TOO_LARGE: 'error',
  FILE_NOT_TEXT: 'error',
  FILE_OUTSIDE: 'error',
  FILE_UNREADABLE: 'error',
  FILES_TOO_MANY: 'error',
  // YAML
  YAML_SYNTAX: 'error',
  YAML_DUPLICATE_KEY: 'error',
  YAML_TOO_DEEP: 'error',
  YAML_TOO_MANY_ALIASES: 'error',
  YAML_TOO_MANY_NODES: 'error',
  YAML_UNKNOWN_TAG: 'error',
  YAML_UNSAFE_KEY: 'error',
  YAML_NUMBER_TOO_LARGE: 'error',
  YAML_LEADING_ZERO: 'error',
  YAML_KEY_NOT_TEXT: 'error',
  YAML_PARSERS_DISAGREE: 'error',
  // shape
  DOCUMENT_NOT_MAPPING: 'error',
  API_VERSION_UNKNOWN: 'error',
  KIND_UNKNOWN: 'error',
  KEY_UNKNOWN: 'error',
  KEY_MISSING: 'error',
  TYPE_WRONG: 'error',
  VALUE_NOT_ALLOWED: 'error',
  VALUE_OUT_OF_RANGE: 'error',
  FORMAT_WRONG: 'error',
  // meaning
  NAME_TAKEN: 'error',
  ENVIRONMENT_UNKNOWN: 'error',
  BRANCH_UNUSABLE: 'error',
  BRANCH_MOVED: 'error',
  DATASET_UNKNOWN: 'error',
  MODEL_UNKNOWN: 'error',
  MODEL_VERSION_UNKNOWN: 'error',
  PROMPT_TEMPLATE_UNKNOWN: 'error',
  QUEUE_UNKNOWN: 'error',
  GPU_TYPE_UNKNOWN: 'error',
  OVERLAY_FORBIDDEN: 'error',
  SPLITS_SUM: 'error',
  LIMIT_BELOW_REQUEST: 'error',
  REPLICAS_ORDER: 'error',
  TRAFFIC_SPLIT_SUM: 'error',
  IMAGE_UNMAPPED: 'error',
  IMAGE_NOT_PINNED: 'error',
  VARIABLE_RESERVED: 'error',
  FRAMEWORK_UNSUPPORTED: 'error',
  ROLLOUT_UNSUPPORTED: 'error',
  SURGE_UNDECLARED: 'error',
  AUTOSCALE_UNSUPPORTED: 'error',
  REPLICAS_UNSUPPORTED: 'error',
  AUTH_UNSUPPORTED: 'error',
  FIELD_UNSUPPORTED: 'error',
  NODES_UNSUPPORTED: 'error',
  NAMESPACE_UNKNOWN: 'error',
  // templates, patches and what the cluster would refuse
  TEMPLATE_UNKNOWN: 'error',
  TEMPLATE_INVALID: 'error',
  TEMPLATE_OUTPUT: 'error',
  PATCH_INVALID: 'error',
  PATCH_FAILED: 'error',
  PROJECT_UNKNOWN: 'warning',
  MANIFEST_PROMISE: 'error',
  MANIFEST_REFUSED: 'error',
  MANIFEST_TOO_LARGE: 'error',
  ROUTE_TAKEN: 'error',
  // policies and secrets
  POLICY_EXPRESSION: 'error',
  POLICY_DENIED: 'error',
  POLICY_WARNED: 'warning',
  SECRET_LITERAL: 'error',
  SPEC_ENCRYPTED: 'error',
  // what the deploy repository says
  RUN_ENDED: 'note',
  RUN_SUPERSEDES: 'note',
  PUBLISHED_FILE_CHANGED: 'warning',
  ENDPOINT_HELD: 'warning',
  // formatting
  FORMAT_UNSAFE: 'warning',
} as const satisfies Record<string, Severity>

export type ProblemCode = keyof typeof problemCodes
