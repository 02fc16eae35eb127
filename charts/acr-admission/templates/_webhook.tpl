{{/* What both webhooks have in common: (dict "context" $ "kind" pods or workloads). */}}
{{- define "acr-admission.webhookEntry" -}}
{{- $webhook := .context.Values.webhook -}}
admissionReviewVersions: [v1]
# Dry runs are judged as well; nothing is written anywhere.
sideEffects: None
failurePolicy: {{ include "acr-admission.failurePolicy" . }}
timeoutSeconds: {{ $webhook.timeoutSeconds }}
# Objects sent in another version or group are converted to the one below, not let through.
matchPolicy: Equivalent
clientConfig:
  service:
    namespace: {{ .context.Release.Namespace }}
    name: {{ include "acr-admission.fullname" .context }}
    path: /validate/{{ .kind }}
    port: 443
  {{- /* In the other modes somebody else owns this field; writing it here would undo their work. */}}
  {{- if eq .context.Values.certificates.mode "existingSecret" }}
  caBundle: {{ include "acr-admission.caBundle" .context }}
  {{- end }}
namespaceSelector:
  {{- include "acr-admission.namespaceSelector" .context | trim | nindent 2 }}
{{- with $webhook.objectSelector }}
objectSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $webhook.matchConditions }}
matchConditions:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
Without the webhook its own pods, the network and DNS must still be able to start. By the name that the API server
gives each namespace: any other label can be set by whoever may edit namespaces.
*/}}
{{- define "acr-admission.excludedNamespaces" -}}
{{- concat (list "kube-system" .Release.Namespace) .Values.webhook.excludedNamespaces | uniq | toYaml -}}
{{- end -}}

{{- define "acr-admission.namespaceSelector" -}}
{{- $given := .Values.webhook.namespaceSelector -}}
{{- with $given.matchLabels }}
matchLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values:
      {{- include "acr-admission.excludedNamespaces" . | nindent 6 }}
  {{- if .Values.webhook.aksSelectors }}
  - key: control-plane
    operator: DoesNotExist
  - key: kubernetes.azure.com/managedby
    operator: NotIn
    values: [aks]
  {{- end }}
  {{- with $given.matchExpressions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "acr-admission.caBundle" -}}
{{- $given := required "certificates.existingSecret.caBundle: give the authority that signed the certificate, as PEM" .Values.certificates.existingSecret.caBundle -}}
{{- if contains "-----BEGIN CERTIFICATE-----" $given -}}
{{- $given | b64enc -}}
{{- else if contains "-----BEGIN CERTIFICATE-----" ($given | b64dec) -}}
{{- $given | nospace -}}
{{- else -}}
{{- fail "certificates.existingSecret.caBundle: this is neither PEM (-----BEGIN CERTIFICATE-----) nor PEM in base64" -}}
{{- end -}}
{{- end -}}
