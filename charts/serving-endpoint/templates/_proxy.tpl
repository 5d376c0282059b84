{{/* Envoy beside the server: the only thing that listens for others. */}}
{{- define "serving-endpoint.proxyContainer" -}}
{{- $auth := .root.Values.auth -}}
- name: auth-proxy
  image: {{ $auth.image | quote }}
  args: [--config-path, /etc/envoy/envoy.yaml, --log-level, warn, --disable-hot-restart]
  {{- if eq $auth.type "api-key" }}
  # Each key of the Secret is a caller, each value what he sends.
  envFrom:
    - prefix: API_KEY_
      secretRef:
        name: {{ $auth.secret }}
  {{- end }}
  ports:
    - name: auth
      containerPort: {{ include "serving-endpoint.proxyPort" . }}
    - name: open
      containerPort: {{ include "serving-endpoint.openPort" . }}
  readinessProbe:
    tcpSocket:
      port: auth
    periodSeconds: 5
  {{- with include "serving-endpoint.drain" . }}
  {{- . | nindent 2 }}
  {{- end }}
  resources:
    requests: { cpu: 50m, memory: 64Mi }
    limits: { memory: 256Mi }
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    runAsNonRoot: true
    runAsUser: 101
    capabilities:
      drop: [ALL]
  volumeMounts:
    - name: auth-proxy
      mountPath: /etc/envoy
      readOnly: true
{{- end }}

{{/*
What the proxy does: callers come by one port and need a token or a key; by the other come kubelet and Prometheus, to the probe and /metrics
alone. Only the first is behind the port of the Service that routes lead to.
*/}}
{{- define "serving-endpoint.proxyConfig" -}}
{{- $auth := .root.Values.auth -}}
static_resources:
  listeners:
    - name: callers
      address: { socket_address: { address: 0.0.0.0, port_value: {{ include "serving-endpoint.proxyPort" . }} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: callers
                stream_idle_timeout: 0s
                http_filters:
                  {{- if eq $auth.type "jwt" }}
                  {{- include "serving-endpoint.proxyTokens" $auth | nindent 18 }}
                  {{- else }}
                  - name: envoy.filters.http.lua
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
                      default_source_code:
                        inline_string: |
                          {{- include "serving-endpoint.proxyKeys" . | nindent 26 }}
                  {{- end }}
                  {{- include "serving-endpoint.proxyRouter" . | nindent 18 }}
                route_config:
                  virtual_hosts:
                    - name: server
                      domains: ["*"]
                      routes:
                        - match: { prefix: / }
                          route: { cluster: server, timeout: 0s }
    - name: open
      address: { socket_address: { address: 0.0.0.0, port_value: {{ include "serving-endpoint.openPort" . }} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: open
                http_filters:
                  {{- include "serving-endpoint.proxyRouter" . | nindent 18 }}
                route_config:
                  virtual_hosts:
                    - name: server
                      domains: ["*"]
                      routes:
                        {{- range list .release.probe.path "/metrics" | uniq }}
                        - match: { path: {{ . | quote }} }
                          route: { cluster: server }
                        {{- end }}
  clusters:
    - name: server
      type: STATIC
      connect_timeout: 1s
      load_assignment:
        cluster_name: server
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: {{ .release.port }} } } }
    {{- if eq $auth.type "jwt" }}
    {{- include "serving-endpoint.proxyIssuer" $auth | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "serving-endpoint.proxyRouter" -}}
- name: envoy.filters.http.router
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
{{- end }}

{{- define "serving-endpoint.proxyTokens" -}}
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    providers:
      issuer:
        issuer: {{ .issuer | quote }}
        {{- with .audiences }}
        audiences: {{ toJson . }}
        {{- end }}
        forward: true
        remote_jwks:
          http_uri: { uri: {{ .jwksUri | quote }}, cluster: issuer, timeout: 5s }
          cache_duration: 300s
    rules:
      - match: { prefix: / }
        requires: { provider_name: issuer }
{{- end }}

{{/* Where the keys of the issuer come from. */}}
{{- define "serving-endpoint.proxyIssuer" -}}
{{- $keys := urlParse .jwksUri }}
{{- $tls := eq $keys.scheme "https" }}
{{- $parts := splitList ":" $keys.host }}
{{- $name := first $parts }}
{{- $port := ternary 443 80 $tls }}
{{- if gt (len $parts) 1 }}{{ $port = last $parts }}{{ end -}}
- name: issuer
  type: STRICT_DNS
  connect_timeout: 5s
  load_assignment:
    cluster_name: issuer
    endpoints:
      - lb_endpoints:
          - endpoint: { address: { socket_address: { address: {{ $name | quote }}, port_value: {{ $port }} } } }
  {{- if $tls }}
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: {{ $name | quote }}
      common_tls_context:
        validation_context:
          trusted_ca: { filename: /etc/ssl/certs/ca-certificates.crt }
          match_typed_subject_alt_names:
            - san_type: DNS
              matcher: { exact: {{ $name | quote }} }
  {{- end }}
{{- end }}

{{/* Reads the keys once, when the proxy starts, from the variables that the Secret became: a value of many lines is no key. */}}
{{- define "serving-endpoint.proxyKeys" -}}
local keys = {}
local file = io.open("/proc/self/environ", "rb")
if file then
  for entry in string.gmatch(file:read("*a"), "[^%z]+") do
    local key = string.match(entry, "^API_KEY_[^=]*=(.+)$")
    if key then keys[key] = true end
  end
  file:close()
end
function envoy_on_request(handle)
  local key = handle:headers():get("x-api-key")
  if key == nil or not keys[key] then
    handle:respond({ [":status"] = "401", ["content-type"] = "text/plain" }, "a key of this endpoint is needed, as x-api-key\n")
    return
  end
  handle:headers():remove("x-api-key")
end
{{- end }}
