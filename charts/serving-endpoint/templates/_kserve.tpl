{{/*
A predictor of one track. KServe gives its annotations to the pods; by the digest of what makes them it can be seen which of them are made of the
newest spec, for in Standard mode KServe does not say which generation it speaks of.
*/}}
{{- define "serving-endpoint.predictor" -}}
{{- $pods := include "serving-endpoint.predictorPods" . -}}
labels:
  {{- include "serving-endpoint.podLabels" . | nindent 2 }}
annotations:
  {{- include "serving-endpoint.podAnnotations" . | nindent 2 }}
  {{- if .knative }}
  serving.knative.dev/progress-deadline: {{ printf "%ds" (add 1500 (int .release.probe.initialDelaySeconds)) }}
  {{- else }}
  specyard.dev/pod-digest: {{ printf "sha256:%s" (sha256sum $pods) | quote }}
  {{- end }}
{{ $pods }}
{{- end }}

{{/* What its pods are made of: a container of ours, whose model KServe fetches where it knows how. */}}
{{- define "serving-endpoint.predictorPods" -}}
{{- $uri := .release.model.uri -}}
{{- /* A custom predictor names its storageUri by this variable; the digest in the annotations replaces the pods that the same URI would keep. */}}
{{- $more := list -}}
{{- if regexMatch "^(s3|gs|hf|https?|pvc|oci|hdfs|webhdfs)://" $uri -}}
{{- $more = list (dict "name" "STORAGE_URI" "value" $uri) -}}
{{- end -}}
{{- /* Sparse: KServe's webhook leaves zeros out, and Argo CD would take that for a difference for ever. */}}
{{- $server := merge (dict "host" "0.0.0.0" "probed" .release.port "proxied" false "more" $more "sparse" true) . -}}
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
      {{- include "serving-endpoint.quantities" . | trim | nindent 6 }}
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

{{/* Resources, in the words that KServe's webhook has for them: what it writes otherwise Argo CD would take for a difference for ever. */}}
{{- define "serving-endpoint.quantities" -}}
{{- $resources := .release.resources | default dict -}}
{{- if $resources -}}
{{- range $kind, $amounts := $resources -}}
{{ $kind }}:
  {{- range $name, $amount := $amounts }}
  {{ $name | quote }}: {{ toString $amount | quote }}
  {{- end }}
{{ end }}
{{- else -}}
{}
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
