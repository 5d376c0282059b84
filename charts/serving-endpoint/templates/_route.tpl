{{/* Whether callers come by a route of ours: Knative has its own. */}}
{{- define "serving-endpoint.routed" -}}
{{- if ne (dig "mode" "" (.Values.kserve | default dict)) "Knative" }}true{{ end -}}
{{- end }}

{{/* The Service that callers of a track come to. */}}
{{- define "serving-endpoint.backend" -}}
{{- $framework := .root.Values.framework -}}
{{- if eq $framework "kserve" -}}
name: {{ if eq .track "candidate" }}{{ .root.Values.name }}-candidate-predictor{{ else }}{{ .name }}-predictor{{ end }}
port: 80
{{- else if eq $framework "ray_serve" -}}
name: {{ .name }}-serve-svc
port: {{ .release.port }}
{{- else -}}
name: {{ .name }}
port: 80
{{- end -}}
{{- end }}

{{/* One backend of an HTTPRoute, with every field that the API server would fill in. */}}
{{- define "serving-endpoint.backendRef" -}}
{{- $backend := include "serving-endpoint.backend" . | fromYaml -}}
- group: ""
  kind: Service
  name: {{ $backend.name }}
  port: {{ $backend.port }}
  weight: {{ .weight }}
{{- end }}
