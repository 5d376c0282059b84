{{/*
Git's configuration, which it finds by XDG_CONFIG_HOME. Passwords and keys stay in mounted files that are read for each connection, so that a
Secret that changes is used without a restart.
*/}}
{{- define "specyard.gitconfig" -}}
{{- $server := "" }}
{{- if regexMatch "^https?://" .Values.settings.deploy.repository }}
{{- $address := urlParse .Values.settings.deploy.repository }}
{{- $server = printf "%s://%s" $address.scheme $address.host }}
{{- end }}
{{- if .Values.git.https }}
# For this server alone: what another one is asked for, nobody answers.
[credential {{ $server | quote }}]
	helper =
	helper = "!f() { test \"$1\" = get || exit 0; printf 'username=%s\\npassword=%s\\n' \"$(cat /etc/specyard-git/username)\" \"$(cat /etc/specyard-git/password)\"; }; f"
{{- end }}
{{- if .Values.git.ssh }}
[core]
	sshCommand = ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o IdentityFile=/etc/specyard-git/private-key -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/etc/specyard-git/known-hosts -o ConnectTimeout=20
{{- end }}
{{- if .Values.git.certificateAuthority }}
[http {{ $server | quote }}]
	sslCAInfo = /etc/specyard-git/ca.crt
{{- end }}
{{- end }}

{{/* Not empty where Git needs anything but the address. */}}
{{- define "specyard.hasGit" -}}
{{- if or .Values.git.https .Values.git.ssh .Values.git.certificateAuthority -}}yes{{- end -}}
{{- end }}

{{/* The volume with all of it. Of nobody but root and the group: ssh refuses a key of its own user that others can read. */}}
{{- define "specyard.gitVolume" -}}
- name: git
  projected:
    # 0440
    defaultMode: 288
    sources:
      - configMap:
          name: {{ include "specyard.fullname" . }}
          items:
            - key: gitconfig
              path: git/config
      {{- with .Values.git.https }}
      - secret:
          name: {{ .secret | quote }}
          items:
            - key: {{ .usernameKey | default "username" | quote }}
              path: username
            - key: {{ .passwordKey | default "password" | quote }}
              path: password
      {{- end }}
      {{- with .Values.git.ssh }}
      - secret:
          name: {{ .secret | quote }}
          items:
            - key: {{ .privateKeyKey | default "ssh-privatekey" | quote }}
              path: private-key
            - key: {{ .knownHostsKey | default "known_hosts" | quote }}
              path: known-hosts
      {{- end }}
      {{- with .Values.git.certificateAuthority }}
      - configMap:
          name: {{ .configMap | quote }}
          items:
            - key: {{ .key | default "ca.crt" | quote }}
              path: ca.crt
      {{- end }}
{{- end }}
