{{/* What all pods have in common. */}}
{{- define "specyard.pod" -}}
enableServiceLinks: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.user }}
  runAsGroup: {{ .Values.user }}
  fsGroup: {{ .Values.user }}
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What all containers have in common. */}}
{{- define "specyard.container" -}}
image: {{ .Values.image | quote }}
imagePullPolicy: {{ .Values.imagePullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Variables that every program reads. */}}
{{- define "specyard.baseVariables" -}}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.database.name | quote }}
      key: {{ .Values.secrets.database.key | quote }}
- name: SPECYARD_STATE
  value: /var/lib/specyard
- name: HOME
  value: /tmp
{{- end }}

{{/* Variables of API and reconciler. */}}
{{- define "specyard.variables" -}}
{{ include "specyard.baseVariables" . }}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.redis.name | quote }}
      key: {{ .Values.secrets.redis.key | quote }}
- name: SPECYARD_SIGNING_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.signingKey.name | quote }}
      key: {{ .Values.secrets.signingKey.key | quote }}
{{- if include "specyard.hasGit" . }}
- name: XDG_CONFIG_HOME
  value: /etc/specyard-git
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What of the file system is there: the settings, and room to write. */}}
{{- define "specyard.mounts" -}}
- name: settings
  mountPath: /etc/specyard
  readOnly: true
{{- if include "specyard.hasGit" . }}
- name: git
  mountPath: /etc/specyard-git
  readOnly: true
{{- end }}
- name: state
  mountPath: /var/lib/specyard
- name: temporary
  mountPath: /tmp
{{- end }}

{{- define "specyard.volumes" -}}
- name: settings
  configMap:
    name: {{ include "specyard.fullname" . }}
    items:
      - key: specyard.yaml
        path: specyard.yaml
{{- if include "specyard.hasGit" . }}
{{ include "specyard.gitVolume" . }}
{{- end }}
{{ include "specyard.writableVolumes" . }}
{{- end }}

{{- define "specyard.writableVolumes" -}}
- name: state
  emptyDir:
    sizeLimit: {{ .Values.state.sizeLimit }}
- name: temporary
  emptyDir:
    sizeLimit: 256Mi
{{- end }}

{{/* Settings are read once, at the start: others are other pods. */}}
{{- define "specyard.settingsDigest" -}}
specyard.dev/settings-digest: {{ printf "sha256:%s" (sha256sum (printf "%s\n%s" (include "specyard.settings" .) (include "specyard.gitconfig" .))) | quote }}
{{- end }}

{{/* Copies on different nodes, where there are so many. */}}
{{- define "specyard.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "specyard.selector" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
{{- end }}
