{{/* Pods of a track as a regular expression of Prometheus: those of a Deployment carry its name and two suffixes. */}}
{{- define "serving-endpoint.podPattern" -}}
{{- if eq .root.Values.framework "kserve" -}}
{{ .name }}-predictor-[a-z0-9]+-[a-z0-9]+
{{- else -}}
{{ .name }}-[a-z0-9]+-[a-z0-9]+
{{- end -}}
{{- end }}

{{/* Milliseconds that an answer took on average, over two minutes. */}}
{{- define "serving-endpoint.latencyQuery" -}}
{{- $which := printf `{namespace="%s",pod=~"%s"}` .root.Release.Namespace (include "serving-endpoint.podPattern" .) -}}
{{- $metric := .root.Values.prometheus.latencyMetric -}}
{{- printf "1000 * sum(rate(%s_sum%s[2m])) / sum(rate(%s_count%s[2m]))" $metric $which $metric $which -}}
{{- end }}

{{/* Per cent that its GPUs are busy on average, as NVIDIA's DCGM exporter has it. */}}
{{- define "serving-endpoint.gpuQuery" -}}
{{- printf `avg(DCGM_FI_DEV_GPU_UTIL{namespace="%s",pod=~"%s"})` .root.Release.Namespace (include "serving-endpoint.podPattern" .) -}}
{{- end }}
