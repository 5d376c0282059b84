{{/*
What is asked for and cannot be given is refused with the reason: nothing is ever left out in silence. The compiler tells the same earlier, at
the line of the spec (compiler/resolve/serving/).
*/}}
{{- define "serving-endpoint.refuse" -}}
{{- $who := printf "serving-endpoint %s: " .Values.name -}}
{{- range .Values.env -}}
{{- if and $.Values.promptTemplate (eq .name "PROMPT_TEMPLATE") -}}
{{- fail (printf "%senv sets PROMPT_TEMPLATE, and promptTemplate does too; take one of them away" $who) -}}
{{- end -}}
{{- end -}}
{{- if gt (int .Values.replicas.min) (int .Values.replicas.max) -}}
{{- fail (printf "%sreplicas.min %d is more than replicas.max %d" $who (int .Values.replicas.min) (int .Values.replicas.max)) -}}
{{- end -}}
{{- if and (eq .Values.framework "kserve") (not .Values.kserve) -}}
{{- fail (printf "%sframework kserve needs kserve.version and kserve.mode" $who) -}}
{{- end -}}
{{- if and (eq .Values.framework "ray_serve") (not .Values.rayServe) -}}
{{- fail (printf "%sframework ray_serve needs rayServe" $who) -}}
{{- end -}}
{{- include "serving-endpoint.refuseRollout" . -}}
{{- include "serving-endpoint.refuseScaling" . -}}
{{- include "serving-endpoint.refuseAuth" . -}}
{{- end }}

{{- define "serving-endpoint.refuseRollout" -}}
{{- $who := printf "serving-endpoint %s: " .Values.name -}}
{{- $mode := dig "mode" "" (.Values.kserve | default dict) -}}
{{- $replaces := and (ne .Values.framework "ray_serve") (ne $mode "Knative") -}}
{{- if and $replaces (eq (int .Values.rollout.maxSurge) 0) (eq (int .Values.rollout.maxUnavailable) 0) -}}
{{- fail (printf "%srollout.maxSurge and rollout.maxUnavailable are both 0: no pod could ever be replaced" $who) -}}
{{- end -}}
{{- if .Values.candidate -}}
{{- if eq .Values.framework "ray_serve" -}}
{{- fail (printf "%scandidate: a RayService moves callers by itself; leave the candidate out" $who) -}}
{{- end -}}
{{- if and (eq $mode "Standard") (semverCompare "<0.20.0-0" .Values.kserve.version) -}}
{{- fail (printf "%scandidate: KServe %s has no canary in Standard mode; it has one in Knative mode, and from 0.20" $who .Values.kserve.version) -}}
{{- end -}}
{{- $nginx := and .Values.host (eq (dig "controller" "" (.Values.ingress | default dict)) "ingress-nginx") -}}
{{- if and (eq .Values.framework "fastapi") (not .Values.gateway) (not $nginx) -}}
{{- fail (printf "%scandidate: callers can be divided by a gateway, or by an Ingress of ingress-nginx" $who) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.rollout.steps (or (ne .Values.framework "ray_serve") (semverCompare "<1.5.1-0" (dig "version" "0.0.0" (.Values.rayServe | default dict)))) -}}
{{- fail (printf "%srollout.steps: only KubeRay from 1.5.1 upgrades step by step" $who) -}}
{{- end -}}
{{- end }}

{{- define "serving-endpoint.refuseScaling" -}}
{{- $who := printf "serving-endpoint %s: " .Values.name -}}
{{- $mode := dig "mode" "" (.Values.kserve | default dict) -}}
{{- $scaledByItself := or (eq .Values.framework "ray_serve") (eq $mode "Knative") -}}
{{- with .Values.autoscale -}}
{{- if $scaledByItself -}}
{{- fail (printf "%sautoscale: this backend scales by requests between replicas.min and replicas.max; take autoscale away" $who) -}}
{{- end -}}
{{- if and (or .targetLatencyMs .gpuUtilization) (or (ne ($.Values.autoscaler | default "hpa") "keda") (not (dig "url" "" ($.Values.prometheus | default dict)))) -}}
{{- fail (printf "%sautoscale by targetLatencyMs or gpuUtilization needs autoscaler keda and prometheus.url; else use cpuUtilization" $who) -}}
{{- end -}}
{{- if not (or .cpuUtilization .targetLatencyMs .gpuUtilization) -}}
{{- fail (printf "%sautoscale names nothing to aim for; set cpuUtilization" $who) -}}
{{- end -}}
{{- if eq (int $.Values.replicas.min) 0 -}}
{{- fail (printf "%sreplicas.min 0 under an autoscaler would run one pod all the same, or none for ever; use 1, or no autoscale" $who) -}}
{{- end -}}
{{- else -}}
{{- if and (not $scaledByItself) (gt (int .Values.replicas.max) (int .Values.replicas.min)) (gt (int .Values.replicas.max) 1) -}}
{{- fail (printf "%sreplicas.max %d is never reached without autoscale; set autoscale.cpuUtilization, or max as min" $who (int .Values.replicas.max)) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "serving-endpoint.refuseAuth" -}}
{{- $who := printf "serving-endpoint %s: " .Values.name -}}
{{- with .Values.auth -}}
{{- if ne .type "none" -}}
{{- if not .by -}}
{{- fail (printf "%sauth.type %s is enforced by nothing: set auth.by to envoy-gateway, with a gateway, or to proxy, with auth.image" $who .type) -}}
{{- end -}}
{{- if and (eq .by "envoy-gateway") (not $.Values.gateway) -}}
{{- fail (printf "%sauth.by envoy-gateway needs a gateway" $who) -}}
{{- end -}}
{{- if and (eq .by "proxy") (or (not .image) (ne $.Values.framework "fastapi")) -}}
{{- fail (printf "%sauth.by proxy needs auth.image, and framework fastapi" $who) -}}
{{- end -}}
{{- if and (eq .type "jwt") (not (and .issuer .jwksUri)) -}}
{{- fail (printf "%sauth.type jwt needs auth.issuer and auth.jwksUri" $who) -}}
{{- end -}}
{{- if and (eq .type "api-key") (not .secret) -}}
{{- fail (printf "%sauth.type api-key needs auth.secret" $who) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
