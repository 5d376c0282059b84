{{/* What Ray Serve runs: one application with one deployment, a replica on each worker. */}}
{{- define "serving-endpoint.serveConfig" -}}
{{- $values := .root.Values -}}
{{- $gpus := 0 -}}
{{- range $name, $count := dig "limits" dict (.release.resources | default dict) -}}
{{- if not (has $name (list "cpu" "memory")) }}{{ $gpus = int $count }}{{ end -}}
{{- end -}}
http_options:
  host: 0.0.0.0
  port: {{ .release.port }}
applications:
  - name: {{ .name }}
    route_prefix: {{ .root.Values.route }}
    import_path: {{ $values.rayServe.importPath }}
    deployments:
      - name: {{ $values.rayServe.deployment }}
        {{- with $values.rayServe.concurrency }}
        max_ongoing_requests: {{ . }}
        {{- end }}
        graceful_shutdown_timeout_s: {{ .release.terminationGracePeriodSeconds }}
        {{- if gt (int .release.replicas.max) (int .release.replicas.min) }}
        autoscaling_config:
          min_replicas: {{ .release.replicas.min }}
          max_replicas: {{ .release.replicas.max }}
        {{- else }}
        num_replicas: {{ .release.replicas.min }}
        {{- end }}
        max_replicas_per_node: 1
        ray_actor_options:
          num_cpus: 1
          num_gpus: {{ $gpus }}
{{- end }}

{{/* The pod of the head, which has no GPU, or of a worker. */}}
{{- define "serving-endpoint.rayPod" -}}
{{- $head := eq .role "head" -}}
{{- $server := merge (dict "host" "0.0.0.0" "proxied" false "more" list) . -}}
metadata:
  labels:
    {{- if not $head }}
    {{- include "serving-endpoint.podLabels" . | nindent 4 }}
    {{- else }}
    app.kubernetes.io/part-of: {{ .root.Values.project | quote }}
    {{- end }}
  annotations:
    {{- include "serving-endpoint.podAnnotations" . | nindent 4 }}
spec:
  enableServiceLinks: false
  {{- if not $head }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ .release.terminationGracePeriodSeconds }}
  {{- end }}
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  {{- if not $head }}
  {{- with include "serving-endpoint.spread" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- end }}
  containers:
    - name: {{ ternary "ray-head" "ray-worker" $head }}
      {{- include "serving-endpoint.program" . | nindent 6 }}
      env:
        {{- include "serving-endpoint.variables" $server | nindent 8 }}
      ports:
        {{- if $head }}
        - name: gcs-server
          containerPort: 6379
          protocol: TCP
        - name: dashboard
          containerPort: 8265
          protocol: TCP
        - name: client
          containerPort: 10001
          protocol: TCP
        {{- end }}
        - name: serve
          containerPort: {{ .release.port }}
          protocol: TCP
      resources:
        {{- $resources := deepCopy (.release.resources | default dict) }}
        {{- if and $head $resources.limits }}
        {{- $_ := set $resources "limits" (pick $resources.limits "cpu" "memory") }}
        {{- end }}
        {{- toYaml $resources | nindent 8 }}
      {{- include "serving-endpoint.containerSecurity" . | nindent 6 }}
      {{- with include "serving-endpoint.mounts" . }}
      {{- . | nindent 6 }}
      {{- end }}
  {{- with include "serving-endpoint.volumes" $server }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if not $head }}
  {{- with include "serving-endpoint.placement" . }}
  {{- . | trim | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end }}
