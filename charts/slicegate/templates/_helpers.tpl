{{- /* Parts that several templates share. Object names are fixed, because slicegate and the guard refer to them. */ -}}

{{- define "slicegate.labels" -}}
app.kubernetes.io/name: slicegate
{{- end -}}

{{- define "slicegate.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The excluded namespaces, including slicegate's own, as JSON. */ -}}
{{- define "slicegate.neverMatch" -}}
{{- append .Values.neverMatch .Release.Namespace | uniq | toJson -}}
{{- end -}}

{{- define "slicegate.tlsSecret" -}}
{{- if eq .Values.certificates.mode "files" -}}
{{ .Values.certificates.files.secretName }}
{{- else -}}
slicegate-tls
{{- end -}}
{{- end -}}

{{- /* How the API server reaches slicegate; the argument is [path, root]. */ -}}
{{- define "slicegate.client" -}}
{{- $path := index . 0 -}}
{{- $ := index . 1 -}}
{{- if $.Values.webhook.url -}}
url: {{ printf "%s%s" (trimSuffix "/" $.Values.webhook.url) $path | quote }}
{{- else -}}
service:
  namespace: {{ $.Release.Namespace }}
  name: slicegate
  path: {{ $path }}
  port: 443
{{- end }}
{{- if eq $.Values.certificates.mode "files" }}
caBundle: {{ b64enc $.Values.certificates.files.caBundle }}
{{- end }}
{{- end -}}

{{- /* The common part of both webhooks; the argument is [path, root]. */ -}}
{{- define "slicegate.webhook" -}}
{{- $ := index . 1 -}}
clientConfig:
  {{- include "slicegate.client" . | nindent 2 }}
namespaceSelector:
  matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ include "slicegate.neverMatch" $ }}
matchConditions:
- name: touches-gpu
  # Generated from the same data as the decision.
  expression: |-
    {{- $.Files.Get "files/touches-gpu.cel" | trimSuffix "\n" | nindent 4 }}
matchPolicy: Equivalent
failurePolicy: {{ $.Values.webhook.failurePolicy }}
sideEffects: NoneOnDryRun
timeoutSeconds: {{ $.Values.webhook.timeoutSeconds }}
admissionReviewVersions: [v1]
{{- end -}}

{{- define "slicegate.webhookMetadata" -}}
name: slicegate
labels:
  {{- include "slicegate.labels" . | nindent 2 }}
{{- if eq .Values.certificates.mode "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/slicegate
{{- end }}
{{- end -}}
