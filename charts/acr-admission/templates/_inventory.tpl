{{/*
Where the inventory comes from. Each source is a folder of its own: two ConfigMaps may use one key, and in one folder
the second file would silently take the place of the first.
*/}}

{{/*
The folders, as a list in YAML. Each is an argument of its own: the program takes no folder that holds nothing, so a
source that is still empty keeps it from judging by the others alone.
*/}}
{{- define "acr-admission.inventoryFolders" -}}
{{- range (include "acr-admission.inventoryVolumeMounts" . | fromYamlArray) }}
- {{ .mountPath }}
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
    name: {{ include "acr-admission.fullname" . }}-inventory
{{- end }}
{{- range $index, $name := .Values.inventory.configMaps }}
- name: inventory-configmap-{{ $index }}
  configMap:
    name: {{ $name }}
{{- end }}
{{- range $index, $name := .Values.inventory.secrets }}
- name: inventory-secret-{{ $index }}
  secret:
    secretName: {{ $name }}
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
- name: inventory-volume
  mountPath: {{ $folder }}/volume
  {{- with .Values.inventory.volume.subPath }}
  subPath: {{ . | quote }}
  {{- end }}
  readOnly: true
{{- end }}
{{- end -}}
