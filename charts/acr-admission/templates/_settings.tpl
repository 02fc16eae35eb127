{{/* The settings file, and what follows from it. */}}

{{/* YAML 1.1, which Helm reads, takes `mode: off` for `mode: false`. The settings' own word is `off`. */}}
{{- define "acr-admission.settings" -}}
{{- $settings := deepCopy .Values.settings -}}
{{- range concat (list (default dict $settings.default)) (default list $settings.rules) -}}
{{- $rule := . -}}
{{- range $key := list "mode" "workloads" -}}
{{- if kindIs "bool" (get $rule $key) -}}
{{- $_ := set $rule $key "off" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $settings "apiVersion" "acr-admission.dev/v1" -}}
{{- $_ := set $settings "kind" "Settings" -}}
{{- toYaml $settings -}}
{{- end -}}

{{/* Whether a kind (pods or workloads) is refused anywhere: "true" or nothing. */}}
{{- define "acr-admission.enforces" -}}
{{- $kind := .kind -}}
{{- $settings := .context.Values.settings -}}
{{- range concat (list (default dict $settings.default)) (default list $settings.rules) -}}
{{- $mode := .mode -}}
{{- if and (eq $kind "workloads") (hasKey . "workloads") (not (kindIs "invalid" .workloads)) -}}
{{- $mode = .workloads -}}
{{- end -}}
{{- if eq (toString $mode) "enforce" -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* Without an answer: what is refused must then be refused too, and what is only warned about must then pass. */}}
{{- define "acr-admission.failurePolicy" -}}
{{- $given := .context.Values.webhook.failurePolicy -}}
{{- if eq .kind "workloads" -}}
{{- $given = default $given .context.Values.webhook.workloads.failurePolicy -}}
{{- end -}}
{{- if $given -}}
{{- $given -}}
{{- else if include "acr-admission.enforces" . -}}
Fail
{{- else -}}
Ignore
{{- end -}}
{{- end -}}

{{/* What is done with pods and workloads by one rule: (dict "context" $ "rule" RULE). */}}
{{- define "acr-admission.modes" -}}
{{- $pods := .rule.mode | default "warn" -}}
pods {{ $pods }}
{{- if .context.Values.webhook.workloads.enabled -}}
, workloads {{ .rule.workloads | default $pods }}
{{- end -}}
{{- end -}}

{{/*
The rules that refuse what they cannot judge, as a list in YAML. A rule that enforces denies unknown verdicts unless it
says otherwise; without an inventory every verdict is unknown.
*/}}
{{- define "acr-admission.rulesThatRefuseUnknown" -}}
{{- $settings := include "acr-admission.settings" . | fromYaml -}}
{{- $default := merge (dict "name" "default") (default dict $settings.default) -}}
{{- range append (default list $settings.rules) $default -}}
{{- $isEnforced := or (eq (toString .mode) "enforce") (eq (toString .workloads) "enforce") -}}
{{- if and $isEnforced (eq (default "deny" .unknown) "deny") }}
- {{ .name | quote }}
{{- end -}}
{{- end -}}
{{- end -}}
