{{/* Annotations of pods: a new version, or a new template text, replaces them. */}}
{{- define "serving-endpoint.podAnnotations" -}}
specyard.dev/model: {{ printf "%s@%v" .release.model.name .release.model.version | quote }}
specyard.dev/model-digest: {{ .release.model.digest | quote }}
{{- with .release.promptTemplate }}
specyard.dev/prompt-template-digest: {{ printf "sha256:%s" (sha256sum .text) | quote }}
{{- end }}
{{- end }}

{{/* What the server runs, without its variables, ports and probes. */}}
{{- define "serving-endpoint.program" -}}
image: {{ .release.image | quote }}
{{- with .release.command }}
command:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .release.args }}
args:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Variables of the server; `host` is where it listens, `more` are those that the backend sets. */}}
{{- define "serving-endpoint.variables" -}}
{{- $names := list -}}
{{- range .release.env }}{{ $names = append $names .name }}{{ end -}}
{{- if not (has "HOST" $names) -}}
# In a pod of its own a server is reached from outside{{ if eq .host "127.0.0.1" }}, but for one that a proxy stands before{{ end }}.
- name: HOST
  value: {{ .host | quote }}
{{- end }}
{{- if .release.promptTemplate }}
- name: PROMPT_TEMPLATE
  valueFrom:
    configMapKeyRef:
      name: {{ include "serving-endpoint.promptName" . }}
      key: text
{{- if not (has "PROMPT_TEMPLATE_FILE" $names) }}
- name: PROMPT_TEMPLATE_FILE
  value: /etc/specyard/prompt-template/text
{{- end }}
{{- end }}
{{- range .more }}
- name: {{ .name }}
  value: {{ .value | quote }}
{{- end }}
{{- with .release.env }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Probes by the name or number of a port. Until it has answered once it may take twenty minutes: large models load for long. */}}
{{- define "serving-endpoint.startupProbe" -}}
startupProbe:
  httpGet:
    path: {{ .release.probe.path | quote }}
    port: {{ .probed }}
  {{- if or .release.probe.initialDelaySeconds (not .sparse) }}
  initialDelaySeconds: {{ .release.probe.initialDelaySeconds }}
  {{- end }}
  periodSeconds: {{ .release.probe.periodSeconds }}
  failureThreshold: {{ max 3 (div 1200 (int .release.probe.periodSeconds)) }}
{{- end }}

{{- define "serving-endpoint.readinessProbe" -}}
readinessProbe:
  httpGet:
    path: {{ .release.probe.path | quote }}
    port: {{ .probed }}
  periodSeconds: {{ .release.probe.periodSeconds }}
{{- end }}

{{/* A server that is busy is left alone; one that does not take connections any more is started again. */}}
{{- define "serving-endpoint.livenessProbe" -}}
livenessProbe:
  {{- if eq (toString .probed) "open" }}
  httpGet:
    path: {{ .release.probe.path | quote }}
    port: open
  timeoutSeconds: 30
  {{- else }}
  tcpSocket:
    port: {{ .probed }}
  {{- end }}
  periodSeconds: 10
  failureThreshold: 6
{{- end }}

{{/* Time for the routers to hear that this pod goes, before it stops to listen. */}}
{{- define "serving-endpoint.drain" -}}
{{- $drain := min 5 (div (int .release.terminationGracePeriodSeconds) 2) }}
{{- if and (semverCompare ">=1.30.0-0" .root.Capabilities.KubeVersion.Version) (gt (int $drain) 0) -}}
lifecycle:
  preStop:
    sleep:
      seconds: {{ $drain }}
{{- end }}
{{- end }}

{{- define "serving-endpoint.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Where the server sees its volumes. */}}
{{- define "serving-endpoint.mounts" -}}
{{- if or .release.volumeMounts .release.promptTemplate -}}
volumeMounts:
  {{- with .release.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- if .release.promptTemplate }}
  - name: prompt-template
    mountPath: /etc/specyard/prompt-template
    readOnly: true
  {{- end }}
{{- end }}
{{- end }}

{{- define "serving-endpoint.volumes" -}}
{{- $guarded := eq (include "serving-endpoint.guarded" .) "true" -}}
{{- if or .release.volumes .release.promptTemplate (and $guarded .proxied) -}}
volumes:
  {{- with .release.volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- if .release.promptTemplate }}
  - name: prompt-template
    configMap:
      name: {{ include "serving-endpoint.promptName" . }}
  {{- end }}
  {{- if and $guarded .proxied }}
  - name: auth-proxy
    configMap:
      name: {{ .name }}-auth-proxy
  {{- end }}
{{- end }}
{{- end }}

{{/* Several pods are asked to spread over nodes; a single one cannot. */}}
{{- define "serving-endpoint.spread" -}}
{{- if gt (int .release.replicas.min) 1 -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "serving-endpoint.selector" . | nindent 8 }}
{{- end }}
{{- end }}

{{/* Where pods may run. */}}
{{- define "serving-endpoint.placement" -}}
{{- with .release.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .release.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
