{{/* Names and labels that every object shares. */}}

{{- define "acr-admission.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Shorter than a Service's name may be, so that suffixes fit. */}}
{{- define "acr-admission.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "acr-admission.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "acr-admission.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "acr-admission.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/*
The Secret with the serving certificate. cert-manager leaves its Secrets when a Certificate goes, and Helm takes over
nothing that it did not make: each of the two has a name of its own, so that one mode can follow the other.
*/}}
{{- define "acr-admission.tlsSecretName" -}}
{{- if eq .Values.certificates.mode "existingSecret" -}}
{{- required "certificates.existingSecret.name: name the Secret with tls.crt and tls.key" .Values.certificates.existingSecret.name -}}
{{- else if eq .Values.certificates.mode "certManager" -}}
{{- include "acr-admission.fullname" . }}-cert-manager-tls
{{- else -}}
{{- include "acr-admission.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{/* The Secret in which cert-manager keeps the release's own authority. */}}
{{- define "acr-admission.authoritySecretName" -}}
{{- include "acr-admission.fullname" . }}-cert-manager-authority
{{- end -}}

{{/* The ConfigMap of `inventory.inline`: not a name that people give to one of their own. */}}
{{- define "acr-admission.inlineName" -}}
{{- include "acr-admission.fullname" . }}-inventory-inline
{{- end -}}

{{- define "acr-admission.serverName" -}}
{{ include "acr-admission.fullname" . }}.{{ .Release.Namespace }}.svc
{{- end -}}

{{- define "acr-admission.image" -}}
{{- $image := printf "%s/%s" .Values.image.registry .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ $image }}@{{ .Values.image.digest }}
{{- else -}}
{{ $image }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* Names of what exports. CronJobs have names of 52 characters at most. */}}
{{- define "acr-admission.exportName" -}}
{{- include "acr-admission.fullname" . | trunc 45 | trimSuffix "-" -}}-export
{{- end -}}

{{- define "acr-admission.exportImage" -}}
{{- with .Values.export.image -}}
{{ .registry }}/{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end -}}
{{- end -}}

{{/* Takes (dict "context" $ "component" NAME). These never change: Deployments are selected by them. */}}
{{- define "acr-admission.selectorLabels" -}}
app.kubernetes.io/name: {{ include "acr-admission.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/*
All labels: those above, the usual ones, `commonLabels`, and what is given beside "context" and "component" as "labels".
One map, because a key that YAML has twice is an error to some and the last one to others.
*/}}
{{- define "acr-admission.labels" -}}
{{- $labels := deepCopy (default dict .labels) -}}
{{- $labels = merge $labels .context.Values.commonLabels (include "acr-admission.usualLabels" . | fromYaml) -}}
{{- mergeOverwrite $labels (include "acr-admission.selectorLabels" . | fromYaml) | toYaml -}}
{{- end -}}

{{- define "acr-admission.usualLabels" -}}
app.kubernetes.io/part-of: acr-admission
app.kubernetes.io/version: {{ .context.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .context.Chart.Name .context.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{/* Name, namespace and labels of a namespaced object: (dict "context" $ "name" NAME "component" NAME),
and "labels" of its own. */}}
{{- define "acr-admission.metadata" -}}
name: {{ .name }}
namespace: {{ .context.Release.Namespace }}
labels:
  {{- include "acr-admission.labels" . | nindent 2 }}
{{- end -}}
