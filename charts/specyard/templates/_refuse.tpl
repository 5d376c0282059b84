{{/* What could only fail later, in a pod, is refused here with the reason. */}}
{{- define "specyard.refuse" -}}
{{- $repository := .Values.settings.deploy.repository -}}
{{- $specs := dig "repository" $repository (.Values.settings.specs | default dict) -}}
{{- $isHttp := regexMatch "^https?://" $repository -}}
{{- range $name, $address := dict "deploy" $repository "specs" $specs -}}
{{- if regexMatch "^https?://[^/]*@" $address -}}
{{- fail (printf "specyard: settings.%s.repository holds a user name or password, and everybody who may read ConfigMaps would see it; put it into a Secret and name that in git.https" $name) -}}
{{- end -}}
{{- end -}}
{{- if ne $isHttp (regexMatch "^https?://" $specs) -}}
{{- fail "specyard: one of settings.deploy.repository and settings.specs.repository is reached by ssh and the other is not; give both addresses of one kind" -}}
{{- end -}}
{{- if and .Values.git.https $isHttp -}}
{{- if ne (urlParse $repository).host (urlParse $specs).host -}}
{{- fail "specyard: settings.specs.repository is on another server than settings.deploy.repository, which alone is told the password of git.https; use one server, or ssh" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.git.https .Values.git.ssh -}}
{{- fail "specyard: git.https and git.ssh are both given; keep the one that settings.deploy.repository is reached by" -}}
{{- end -}}
{{- if and .Values.git.https (not $isHttp) -}}
{{- fail "specyard: git.https is given, but settings.deploy.repository is reached by ssh; give git.ssh instead" -}}
{{- end -}}
{{- if and .Values.git.ssh $isHttp -}}
{{- fail "specyard: git.ssh is given, but settings.deploy.repository is no address of ssh; give git.https instead" -}}
{{- end -}}
{{- if not (or .Values.git.ssh $isHttp) -}}
{{- fail "specyard: settings.deploy.repository is reached by ssh, and there is no key; name a Secret in git.ssh" -}}
{{- end -}}
{{- if and .Values.git.certificateAuthority (not (hasPrefix "https://" $repository)) -}}
{{- fail "specyard: git.certificateAuthority is given, but settings.deploy.repository is no address of https; take it away" -}}
{{- end -}}
{{- $own := list "DATABASE_URL" "REDIS_URL" "SPECYARD_SIGNING_KEY" "SPECYARD_STATE" "HOME" "XDG_CONFIG_HOME" -}}
{{- range .Values.env -}}
{{- if has .name $own -}}
{{- fail (printf "specyard: env sets %s, which the chart sets; take it away" .name) -}}
{{- end -}}
{{- end -}}
{{- end }}
