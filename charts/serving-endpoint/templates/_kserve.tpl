{{/* A predictor of one track: a container of ours, whose model KServe fetches where it knows how. */}}
{{- define "serving-endpoint.predictor" -}}
{{- $uri := .release.model.uri -}}
{{- /* A custom predictor names its storageUri by this variable; the digest in the annotations replaces the pods that the same URI would keep. */}}
{{- $more := list -}}
{{- if regexMatch "^(s3|gs|hf|https?|pvc|oci|hdfs|webhdfs)://" $uri -}}
{{- $more = list (dict "name" "STORAGE_URI" "value" $uri) -}}
{{- end -}}
{{- $server := merge (dict "host" "0.0.0.0" "probed" .release.port "proxied" false "more" $more) . -}}
labels:
  {{- include "serving-endpoint.podLabels" . | nindent 2 }}
annotations:
  {{- include "serving-endpoint.podAnnotations" . | nindent 2 }}
  {{- if .knative }}
  serving.knative.dev/progress-deadline: {{ printf "%ds" (add 1500 (int .release.probe.initialDelaySeconds)) }}
  {{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- if not .knative }}
terminationGracePeriodSeconds: {{ .release.terminationGracePeriodSeconds }}
securityContext:
  seccompProfile:
    type: RuntimeDefault
{{- with include "serving-endpoint.spread" . }}
{{ . }}
{{- end }}
{{- end }}
containers:
  - name: kserve-container
    {{- include "serving-endpoint.program" . | nindent 4 }}
    env:
      {{- include "serving-endpoint.variables" $server | nindent 6 }}
    ports:
      - name: http1
        containerPort: {{ .release.port }}
        protocol: TCP
    {{- if not .knative }}
    {{- include "serving-endpoint.startupProbe" $server | nindent 4 }}
    {{- end }}
    {{- include "serving-endpoint.readinessProbe" $server | nindent 4 }}
    {{- if not .knative }}
    {{- include "serving-endpoint.livenessProbe" $server | nindent 4 }}
    {{- with include "serving-endpoint.drain" . }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- end }}
    resources:
      {{- toYaml .release.resources | nindent 6 }}
    {{- include "serving-endpoint.containerSecurity" . | nindent 4 }}
    {{- with include "serving-endpoint.mounts" . }}
    {{- . | nindent 4 }}
    {{- end }}
{{- with include "serving-endpoint.volumes" $server }}
{{ . }}
{{- end }}
{{- with include "serving-endpoint.placement" . }}
{{ . | trim }}
{{- end }}
{{- end }}

{{/* What KServe scales a predictor by in Standard mode. */}}
{{- define "serving-endpoint.predictorScaling" -}}
{{- $values := .root.Values -}}
{{- with $values.autoscale -}}
{{- if eq ($values.autoscaler | default "hpa") "keda" -}}
autoScaling:
  metrics:
    {{- with .cpuUtilization }}
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ . }}
    {{- end }}
    {{- if .targetLatencyMs }}
    - type: External
      external:
        metric:
          backend: prometheus
          serverAddress: {{ $values.prometheus.url | quote }}
          query: {{ include "serving-endpoint.latencyQuery" $ | quote }}
        target:
          type: Value
          value: {{ .targetLatencyMs | quote }}
    {{- end }}
    {{- if .gpuUtilization }}
    - type: External
      external:
        metric:
          backend: prometheus
          serverAddress: {{ $values.prometheus.url | quote }}
          query: {{ include "serving-endpoint.gpuQuery" $ | quote }}
        target:
          type: Value
          value: {{ .gpuUtilization | quote }}
    {{- end }}
{{- else -}}
scaleMetric: cpu
scaleTarget: {{ .cpuUtilization }}
{{- end -}}
{{- end -}}
{{- end }}
