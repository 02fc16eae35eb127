{{/* What the schema cannot say, because it is about several values at once. */}}
{{- define "acr-admission.checks" -}}
{{- include "acr-admission.checkName" . -}}
{{- include "acr-admission.checkKeys" . -}}
{{- include "acr-admission.checkPorts" . -}}
{{- include "acr-admission.checkInventory" . -}}
{{- include "acr-admission.checkDrain" . -}}
{{- end -}}

{{/* Releases may be called `1a` or `a.b`; Services may not. */}}
{{- define "acr-admission.checkName" -}}
{{- $fullname := include "acr-admission.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $fullname) -}}
{{- fail (printf "fullnameOverride: release `%s` would make a Service `%s`, but names of Services begin with a letter and hold letters, digits and hyphens: set fullnameOverride to such a name" .Release.Name $fullname) -}}
{{- end -}}
{{- end -}}

{{/* Deployments, Services and Helm find things by these, and the chart's roll-outs hang on these. */}}
{{- define "acr-admission.checkKeys" -}}
{{- $labels := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/managed-by" "helm.sh/chart" -}}
{{- $annotations := list "checksum/settings" "kubectl.kubernetes.io/default-container" -}}
{{- range $value, $own := dict "commonLabels" $labels "podLabels" $labels "podAnnotations" $annotations -}}
{{- range $key := keys (get $.Values $value) -}}
{{- if has $key $own -}}
{{- fail (printf "%s: `%s` is written by the chart, and would not work with another value" $value $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "acr-admission.checkPorts" -}}
{{- $health := int .Values.containerPorts.health -}}
{{- if eq $health (int .Values.containerPorts.webhook) -}}
{{- fail (printf "containerPorts: webhook and health are both %d, and only one of them can listen there" $health) -}}
{{- end -}}
{{- if eq $health 443 -}}
{{- fail "containerPorts.health: 443 is the Service's port for reviews; choose another" -}}
{{- end -}}
{{- end -}}

{{/* Somebody who enforces and forgot the inventory would refuse every pod of the cluster. */}}
{{- define "acr-admission.checkInventory" -}}
{{- $refusing := include "acr-admission.rulesThatRefuseUnknown" . | fromYamlArray -}}
{{- if and $refusing (not (include "acr-admission.hasInventory" .)) -}}
{{- $rules := printf "%s `%s`" (ternary "rule" "rules" (eq (len $refusing) 1)) (join "`, `" $refusing) -}}
{{- $remedy := "give one (inventory.configMaps, .secrets, .volume, .inline, or export.enabled), take `mode: warn` or `mode: audit` until there is one, or admit what is unknown (`unknown: warn`)" -}}
{{- fail (printf "settings: there is no inventory, so every verdict is unknown, and every pod would be refused by %s: %s" $rules $remedy) -}}
{{- end -}}
{{- end -}}

{{- define "acr-admission.checkDrain" -}}
{{- $least := add (int .Values.drainSeconds) 20 | int -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) $least -}}
{{- fail (printf "terminationGracePeriodSeconds: must be at least drainSeconds + 20 = %d, else open requests are cut off" $least) -}}
{{- end -}}
{{- end -}}
