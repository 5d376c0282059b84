{{/* The Deployment of one track. */}}
{{- define "serving-endpoint.deployment" -}}
{{- $guarded := eq (include "serving-endpoint.guarded" .) "true" -}}
{{- $server := merge (dict "host" (ternary "127.0.0.1" "0.0.0.0" $guarded) "probed" (ternary "open" "http" $guarded) "proxied" true "more" list) . -}}
{{- $values := .root.Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels:
    {{- include "serving-endpoint.labels" . | nindent 4 }}
  {{- with .release.revision }}
  annotations:
    specyard.dev/revision: {{ . | quote }}
  {{- end }}
spec:
  {{- if not $values.autoscale }}
  replicas: {{ .release.replicas.min }}
  {{- end }}
  revisionHistoryLimit: 3
  progressDeadlineSeconds: {{ add 1500 (int .release.probe.initialDelaySeconds) }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: {{ $values.rollout.maxSurge }}
      maxUnavailable: {{ $values.rollout.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "serving-endpoint.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "serving-endpoint.podLabels" . | nindent 8 }}
      annotations:
        {{- include "serving-endpoint.podAnnotations" . | nindent 8 }}
        {{- if $guarded }}
        specyard.dev/auth-proxy-digest: {{ printf "sha256:%s" (include "serving-endpoint.proxyConfig" . | sha256sum) | quote }}
        {{- end }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ .release.terminationGracePeriodSeconds }}
      securityContext:
        seccompProfile:
          type: RuntimeDefault
      {{- with include "serving-endpoint.spread" . }}
      {{- . | nindent 6 }}
      {{- end }}
      containers:
        - name: server
          {{- include "serving-endpoint.program" . | nindent 10 }}
          env:
            {{- include "serving-endpoint.variables" $server | nindent 12 }}
          ports:
            - name: http
              containerPort: {{ .release.port }}
          {{- include "serving-endpoint.startupProbe" $server | nindent 10 }}
          {{- include "serving-endpoint.readinessProbe" $server | nindent 10 }}
          {{- include "serving-endpoint.livenessProbe" $server | nindent 10 }}
          {{- with include "serving-endpoint.drain" . }}
          {{- . | nindent 10 }}
          {{- end }}
          {{- with .release.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          {{- include "serving-endpoint.containerSecurity" . | nindent 10 }}
          {{- with include "serving-endpoint.mounts" . }}
          {{- . | nindent 10 }}
          {{- end }}
        {{- if $guarded }}
        {{- include "serving-endpoint.proxyContainer" . | nindent 8 }}
        {{- end }}
      {{- with include "serving-endpoint.volumes" $server }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with include "serving-endpoint.placement" . }}
      {{- . | trim | nindent 6 }}
      {{- end }}
{{- end }}

{{/* The Service of one track. */}}
{{- define "serving-endpoint.service" -}}
{{- $guarded := eq (include "serving-endpoint.guarded" .) "true" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}
  labels:
    {{- include "serving-endpoint.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector:
    {{- include "serving-endpoint.selector" . | nindent 4 }}
  ports:
    - name: http
      port: 80
      targetPort: {{ ternary "auth" "http" $guarded }}
    {{- if $guarded }}
    - name: open
      port: 9090
      targetPort: open
    {{- end }}
{{- end }}
