{{/* What every name begins with. Short enough for what comes after it: a CronJob's name has at most 52 characters. */}}
{{- define "specyard.fullname" -}}
{{- $name := ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* Labels by which pods are found. They may never change for a name: a Deployment's selector is immutable. */}}
{{- define "specyard.selector" -}}
app.kubernetes.io/name: specyard
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "specyard.labels" -}}
{{ include "specyard.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- range $key, $value := .Values.labels }}
{{ $key | quote }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* The settings file of the program. */}}
{{- define "specyard.settings" -}}
apiVersion: specyard.dev/v1
kind: Settings
deploy:
  repository: {{ .Values.settings.deploy.repository | quote }}
  branch: {{ .Values.settings.deploy.branch | quote }}
{{- with .Values.settings.specs }}
specs:
  repository: {{ .repository | quote }}
  branch: {{ .branch | default "main" | quote }}
{{- if .pullRequests }}
  pullRequests: true
{{- end }}
{{- end }}
reconcile:
  cron: {{ .Values.settings.reconcile.cron | quote }}
{{- end }}

{{/* Name of the Lease that one reconciler leads by. */}}
{{- define "specyard.lease" -}}
{{ include "specyard.fullname" . }}-reconciler
{{- end }}
