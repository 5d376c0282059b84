{{/* Labels by which pods are found. They may never change for a name: a Deployment's selector is immutable. */}}
{{- define "serving-endpoint.selector" -}}
app.kubernetes.io/name: serving-endpoint
app.kubernetes.io/instance: {{ .Values.name | quote }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "serving-endpoint.labels" -}}
{{ include "serving-endpoint.selector" . }}
app.kubernetes.io/part-of: {{ .Values.project | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
specyard.dev/environment: {{ .Values.environment | quote }}
{{- range $key, $value := .Values.labels }}
{{ $key | quote }}: {{ $value | quote }}
{{- end }}
{{- end }}
