{{/*
Templates of this chart take a context: root (Helm's own), name (of the objects), track (stable or candidate) and release (the values of
that track: the top-level ones, or those of the candidate).
*/}}

{{/* Labels by which pods are found. They may never change for a name: a Deployment's selector is immutable. */}}
{{- define "serving-endpoint.selector" -}}
app.kubernetes.io/name: serving-endpoint
app.kubernetes.io/instance: {{ .name | quote }}
{{- end }}

{{/* Labels of pods: the same for every release of a name. */}}
{{- define "serving-endpoint.podLabels" -}}
{{- $root := .root -}}
{{ include "serving-endpoint.selector" . }}
app.kubernetes.io/part-of: {{ $root.Values.project | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service | quote }}
specyard.dev/environment: {{ $root.Values.environment | quote }}
{{- range $key, $value := $root.Values.labels }}
{{ $key | quote }}: {{ $value | quote }}
{{- end }}
{{- if eq .track "candidate" }}
specyard.dev/track: candidate
{{- end }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "serving-endpoint.labels" -}}
{{ include "serving-endpoint.podLabels" . }}
{{- if eq .track "stable" }}
specyard.dev/track: stable
{{- end }}
{{- end }}

{{/*
The ConfigMap of the prompt template. Revisions of Knative live on beside each other under one name, so there each text has one of its own.
*/}}
{{- define "serving-endpoint.promptName" -}}
{{- if eq .root.Values.framework "kserve" -}}
{{ .root.Values.name }}-prompt-template-{{ sha256sum .release.promptTemplate.text | trunc 8 }}
{{- else -}}
{{ .name }}-prompt-template
{{- end -}}
{{- end }}

{{/* Whether callers are kept out by a proxy beside each server. */}}
{{- define "serving-endpoint.guarded" -}}
{{- if and (ne .root.Values.auth.type "none") (eq (.root.Values.auth.by | default "") "proxy") }}true{{ end -}}
{{- end }}

{{/* Ports of the proxy, neither of which the server takes: for callers, and for probes and Prometheus. */}}
{{- define "serving-endpoint.proxyPort" -}}
{{- if eq (int .release.port) 10000 }}10001{{ else }}10000{{ end -}}
{{- end }}
{{- define "serving-endpoint.openPort" -}}
{{- if eq (int .release.port) 10002 }}10003{{ else }}10002{{ end -}}
{{- end }}
