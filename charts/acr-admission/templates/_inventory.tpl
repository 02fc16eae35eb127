{{/*
Where the inventory comes from. Each source is a folder of its own: two ConfigMaps may use one key, and in one folder
the second file would silently take the place of the first.
*/}}

{{/*
The folders, as a list in YAML. Each is an argument of its own: the program takes no folder that holds nothing, so a
source that is still empty keeps it from judging by the others alone. So a ConfigMap or Secret that does not exist may be
mounted: the program says what it waits for, where the kubelet would not even start it.
*/}}
{{- define "acr-admission.inventoryFolders" -}}
{{- $subPath := .Values.inventory.volume.subPath }}
{{- range (include "acr-admission.inventoryVolumeMounts" . | fromYamlArray) }}
- {{ if and $subPath (eq .name "inventory-volume") }}{{ printf "%s/%s" .mountPath $subPath | quote }}{{ else }}{{ .mountPath }}{{ end }}
{{- end }}
{{- end -}}

{{- define "acr-admission.inventoryVolumes" -}}
{{- if .Values.export.enabled }}
- name: inventory-export
  configMap:
    name: {{ include "acr-admission.exportName" . }}
{{- end }}
{{- if .Values.inventory.inline }}
- name: inventory-inline
  configMap:
    name: {{ include "acr-admission.inlineName" . }}
{{- end }}
{{- range $index, $name := .Values.inventory.configMaps }}
- name: inventory-configmap-{{ $index }}
  configMap:
    name: {{ $name }}
    optional: true
{{- end }}
{{- range $index, $name := .Values.inventory.secrets }}
- name: inventory-secret-{{ $index }}
  secret:
    secretName: {{ $name }}
    optional: true
{{- end }}
{{- with .Values.inventory.volume.source }}
- name: inventory-volume
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "acr-admission.inventoryVolumeMounts" -}}
{{- $folder := "/etc/acr-admission/inventory" }}
{{- if .Values.export.enabled }}
- name: inventory-export
  mountPath: {{ $folder }}/export
  readOnly: true
{{- end }}
{{- if .Values.inventory.inline }}
- name: inventory-inline
  mountPath: {{ $folder }}/inline
  readOnly: true
{{- end }}
{{- range $index, $name := .Values.inventory.configMaps }}
- name: inventory-configmap-{{ $index }}
  mountPath: {{ $folder }}/configmap-{{ $name }}
  readOnly: true
{{- end }}
{{- range $index, $name := .Values.inventory.secrets }}
- name: inventory-secret-{{ $index }}
  mountPath: {{ $folder }}/secret-{{ $name }}
  readOnly: true
{{- end }}
{{- if .Values.inventory.volume.source }}
{{- /* The whole volume: a `subPath` is mounted once, and stays with that folder when another takes its place. */}}
- name: inventory-volume
  mountPath: {{ $folder }}/volume
  readOnly: true
{{- end }}
{{- end -}}

{{/* Whether the program is given an inventory at all, be it by arguments of the values' own: "true" or nothing. */}}
{{- define "acr-admission.hasInventory" -}}
{{- if include "acr-admission.inventoryFolders" . | fromYamlArray -}}true{{- end -}}
{{- range .Values.extraArgs -}}{{- if hasPrefix "--inventory" . -}}true{{- end -}}{{- end -}}
{{- range .Values.extraEnv -}}{{- if eq .name "ACR_ADMISSION_INVENTORY" -}}true{{- end -}}{{- end -}}
{{- end -}}
