{{/* What is asked for and cannot be given is refused with the reason: nothing is ever left out in silence. */}}
{{- define "serving-endpoint.refuse" -}}
{{- $who := printf "serving-endpoint %s: " .Values.name -}}
{{- if ne .Values.framework "fastapi" -}}
{{- fail (printf "%sframework %s has no backend in this version of the chart; use fastapi" $who .Values.framework) -}}
{{- end -}}
{{- if ne .Values.rollout.strategy "rolling" -}}
{{- fail (printf "%srollout.strategy %s is not done by the fastapi backend of this version of the chart; use rolling" $who .Values.rollout.strategy) -}}
{{- end -}}
{{- if .Values.rollout.trafficSplit -}}
{{- fail (printf "%srollout.trafficSplit means nothing for a rolling rollout; take it away" $who) -}}
{{- end -}}
{{- if and (eq (int .Values.rollout.maxSurge) 0) (eq (int .Values.rollout.maxUnavailable) 0) -}}
{{- fail (printf "%srollout.maxSurge and rollout.maxUnavailable are both 0: no pod could ever be replaced" $who) -}}
{{- end -}}
{{- if ne .Values.auth.type "none" -}}
{{- fail (printf "%sauth.type %s is not enforced by this version of the chart; use none, and keep callers out by the network until it is" $who .Values.auth.type) -}}
{{- end -}}
{{- if gt (int .Values.replicas.min) (int .Values.replicas.max) -}}
{{- fail (printf "%sreplicas.min %d is more than replicas.max %d" $who (int .Values.replicas.min) (int .Values.replicas.max)) -}}
{{- end -}}
{{- range .Values.env -}}
{{- if and $.Values.promptTemplate (eq .name "PROMPT_TEMPLATE") -}}
{{- fail (printf "%senv sets PROMPT_TEMPLATE, and promptTemplate does too; take one of them away" $who) -}}
{{- end -}}
{{- end -}}
{{- with .Values.autoscale -}}
{{- if or .targetLatencyMs .gpuUtilization -}}
{{- fail (printf "%sautoscale by targetLatencyMs or gpuUtilization is not done by this version of the chart; use cpuUtilization" $who) -}}
{{- end -}}
{{- if not .cpuUtilization -}}
{{- fail (printf "%sautoscale names nothing to aim for; set cpuUtilization" $who) -}}
{{- end -}}
{{- if eq (int $.Values.replicas.min) 0 -}}
{{- fail (printf "%sreplicas.min 0 under an autoscaler would run one pod all the same; use 1, or no autoscale" $who) -}}
{{- end -}}
{{- else -}}
{{- if and (gt (int .Values.replicas.max) (int .Values.replicas.min)) (gt (int .Values.replicas.max) 1) -}}
{{- fail (printf "%sreplicas.max %d is never reached without autoscale; set autoscale.cpuUtilization, or max as min" $who (int .Values.replicas.max)) -}}
{{- end -}}
{{- end -}}
{{- end }}
