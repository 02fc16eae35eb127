#!/usr/bin/env bash
# Exports what image pulls depend on in one Entra tenant, as files that `acr-admission --inventory FOLDER` reads.
#
# A failed command leaves no file: an empty one would look like an empty list. What is missing is told on stderr
# and recorded in the folder's export.json, and the exit code says so. The folder appears at the end, whole.
#
# Needs az, bash (3.2 or newer), grep, sed and the usual core utilities; neither jq nor python.
set -uo pipefail
export LC_ALL=C

readonly VERSION=0.1.0
# A preview, because the released versions do not say whether service accounts pull images.
readonly CLUSTER_API=2026-05-02-preview
readonly ROLE_API=2022-04-01

usage() {
    cat <<'TEXT'
Exports what image pulls depend on in one Entra tenant, with the Azure CLI (2.91 or newer; sign in with `az login`).

usage: export-inventory.sh [--output FOLDER] [--subscription ID]... [options]

  --output FOLDER            where to; appears at the end, whole (default: export)
  --subscription ID          a subscription by id or name; repeatable
                             (default: every enabled subscription of the current tenant that az knows)
  --force                    replace FOLDER if it holds an earlier export
  --conditional-access       the tenant's Conditional Access policies too
  --workload-identity        sign in by the workload identity of a Kubernetes pod, again with every renewed token
  --jobs NUMBER              az commands at the same time (default: 4)
  --retry-wait SECONDS       before a throttled command is tried again; doubles each time (default: 5)
  --cluster-api VERSION      the API version that is asked who pulls in a cluster (default: 2026-05-02-preview)
  --version, --help

Nothing is written in Azure. What the caller needs:

  Reader, on each subscription          everything in it, role and deny assignments included
  Management Group Reader, on the       which management groups lie above the subscriptions
    tenant's root group
  GroupMember.Read.All, Microsoft Graph members of the groups that hold assignments
  Application.Read.All, Microsoft Graph client ids of the service principals that hold assignments
  Policy.Read.All, Microsoft Graph      Conditional Access; refused to people who sign in with az

Exit codes: 0 complete; 3 exported, with gaps (listed on stderr and in export.json); 2 usage, or nothing exported.
TEXT
}

say() { printf '%s\n' "$*" >&2; }

die() {
    printf 'export-inventory.sh: %s\n' "$1" >&2
    shift
    [[ $# -eq 0 ]] || printf '  help: %s\n' "$@" >&2
    exit 2
}

output="export"
force=
conditional_access=
workload_identity=
jobs=4
retry_wait=5
cluster_api=$CLUSTER_API
wanted=()

read_arguments() {
    while [[ $# -gt 0 ]]; do
        case $1 in
            --output | --subscription | --jobs | --retry-wait | --cluster-api)
                [[ $# -ge 2 && -n $2 ]] || die "$1 needs a value" "see --help"
                set_option "$1" "$2"
                shift
                ;;
            --force) force=yes ;;
            --conditional-access) conditional_access=yes ;;
            --workload-identity) workload_identity=yes ;;
            --version) echo "export-inventory.sh $VERSION"; exit 0 ;;
            -h | --help) usage; exit 0 ;;
            *) die "unknown argument: $1" "see --help" ;;
        esac
        shift
    done
}

set_option() {
    case $1 in
        --output) output=${2%/} ;;
        --subscription) wanted+=("$2") ;;
        --cluster-api) cluster_api=$2 ;;
        --jobs)
            [[ $2 =~ ^[1-9][0-9]?$ ]] || die "--jobs takes a number from 1 to 99, not: $2"
            jobs=$2
            ;;
        --retry-wait)
            [[ $2 =~ ^[0-9]{1,4}$ ]] || die "--retry-wait takes seconds, not: $2"
            retry_wait=$2
            ;;
    esac
}

# --- one command of az, and what became of it -----------------------------------------------------------------

# Answers of a service that is busy or unwell. Commands for ARM try again by themselves; `az rest` does not.
readonly TRANSIENT='too ?many ?requests|throttled|service unavailable|gateway time-?out|bad gateway|connection (aborted|reset)'
readonly ATTEMPTS=6

# In the log of a command that ended well, and printed no names.
readonly NAMELESS='Failed to resolve graph object information per error'

# Runs az; its output goes to the first argument, its words to the second.
ask() {
    local answer=$1 words=$2 pause=$retry_wait attempt
    shift 2
    for ((attempt = 1; ; attempt++)); do
        if az "$@" --output json >"$answer" 2>"$words" </dev/null; then
            # Only whole documents count: a full disk or a killed az may leave less.
            if [[ $(tail -n 1 "$answer") != *[\]\}] ]]; then
                echo "the command succeeded and printed no JSON document" >"$words"
                return 1
            fi
            [[ $attempt -lt $ATTEMPTS ]] && grep "$NAMELESS" "$words" | grep -Eqi "$TRANSIENT" || return 0
        else
            [[ $attempt -lt $ATTEMPTS ]] && grep -Eqi "$TRANSIENT" "$words" || return 1
        fi
        sleep "$pause"
        pause=$((pause * 2))
    done
}

# The number of the command, for names of its files: commands run at the same time.
number=0

# Asks once and keeps the answer: `keep WHAT SCOPE FILE az-arguments…`.
keep() {
    local what=$1 scope=$2 file=$3
    shift 3
    if ask "$stage/answers/$number" "$stage/words/$number" "$@"; then
        move_into_place "$stage/answers/$number" "$file"
    else
        gap "$what" "$scope" "$(last_words "$stage/words/$number")" "$@"
    fi
}

# Follows the pages of `az rest`, which prints one at a time, and keeps all or none of them, one file a page:
# `keep_pages WHAT SCOPE FILE URL [arguments]…`, where {page} in FILE becomes nothing, then -2, -3, …
keep_pages() {
    local what=$1 scope=$2 file=$3 url=$4 page=1 link count
    shift 4
    while :; do
        local answer=$stage/answers/$number.$page
        if ! ask "$answer" "$stage/words/$number" rest --method get --url "$url" "$@"; then
            gap "$what" "$scope" "$(last_words "$stage/words/$number")" rest --method get --url "$url" "$@"
            return
        fi
        if ! grep -q '^  "value": \[' "$answer"; then
            gap "$what" "$scope" "the answer holds no list" rest --method get --url "$url" "$@"
            return
        fi
        link=$(sed -n 's/^  "\(@odata\.\)\{0,1\}nextLink": "\([^"\\]*\)",\{0,1\}$/\2/p' "$answer")
        if [[ -z $link ]] && grep -Eq '^  "(@odata\.)?nextLink": "' "$answer" || [[ $link == "$url" ]]; then
            gap "$what" "$scope" "the link to the next page makes no sense" rest --method get --url "$url" "$@"
            return
        fi
        [[ -n $link ]] || break
        url=$link
        page=$((page + 1))
    done
    # Now that no page is missing, no file may say that one is. Keys are sorted, so `value` follows the link.
    for ((count = 1; count <= page; count++)); do
        sed '/^  "\(@odata\.\)\{0,1\}nextLink": /d' "$stage/answers/$number.$count" >"$stage/answers/$number"
        local suffix=""
        [[ $count -eq 1 ]] || suffix=-$count
        move_into_place "$stage/answers/$number" "${file//\{page\}/$suffix}"
    done
}

move_into_place() {
    mkdir -p "$stage/export/$(dirname "$2")"
    mv "$1" "$stage/export/$2"
}

# What az said last, without what no JSON text or terminal should get. After a refusal by Entra ID (AADSTS…) it goes on to
# recommend signing in as a person, and after an error that it did not expect, its list of known ones.
last_words() {
    local words
    words=$(tr -d '\000-\010\013-\037\177' <"$1" | tr '\200-\377' '?' |
        grep -v -e '^[[:space:]]*$' -e '^INFO: ' -e '^To check existing issues' | sed -n -e '/AADSTS/{p;q;}' -e '$p')
    words=${words:-az ended without a word}
    printf '%s' "${words:0:1000}"
}

# --- gaps -----------------------------------------------------------------------------------------------------

# Records what is missing: `gap WHAT SCOPE WHY az-arguments…`.
gap() {
    local what=$1 scope=$2 why=$3
    shift 3
    printf '    {"what": %s, "scope": %s, "command": %s, "why": %s}\n' "$(json_text "$what")" \
        "$(json_text "$scope")" "$(json_text "az$(quoted "$@")")" "$(json_text "$why")" \
        >>"$stage/gaps/$(printf '%06d' "$number")"
    say "gap: $what of $scope: $why"
}

json_text() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//$'\n'/ }
    printf '"%s"' "${text//$'\t'/ }"
}

# The arguments as a shell takes them, each with a blank in front.
quoted() {
    local argument
    for argument in "$@"; do
        if [[ $argument =~ ^[A-Za-z0-9_./:=,+-]+$ ]]; then
            printf ' %s' "$argument"
        else
            printf " '%s'" "${argument//\'/\'\\\'\'}"
        fi
    done
}

# --- several at a time ----------------------------------------------------------------------------------------

running=0

start() {
    number=$((number + 1))
    "$@" &
    running=$((running + 1))
    [[ $running -lt $jobs ]] || finish
}

finish() {
    wait
    running=0
    # While nothing else runs, since every az reads what a sign-in writes.
    sign_in
}

# --- reading what az wrote ------------------------------------------------------------------------------------
# az prints JSON with sorted keys and two blanks for each level, so keys of the records of a list stand behind
# exactly four blanks. Texts cannot hold a line feed, so nothing else can look like that.

# The ids of the records of a list. Fails where not every record shows one, rather than to leave some out.
ids_of() {
    local file=$stage/export/$1 ids
    [[ -f $file ]] || return 0
    ids=$(sed -n 's/^    "id": "\([^"]*\)",\{0,1\}$/\1/p' "$file")
    [[ $(grep -c '^  {' "$file") -eq $(grep -c . <<<"$ids") ]] || die "cannot read the ids in the answer of az: $1"
    printf '%s' "$ids${ids:+$'\n'}"
}

count_of() { if [[ -f $stage/export/$1 ]]; then grep -c '^  {' "$stage/export/$1"; else echo "no list of"; fi; }

# Sets `group` and `name` from a resource id: /subscriptions/S/resourceGroups/GROUP/providers/NAMESPACE/TYPE/NAME.
take_apart() { IFS=/ read -r _ _ _ _ group _ _ _ name _ <<<"$1"; }

# Object ids of the principals of one type in role assignments, whose keys come in the order of the alphabet.
assigned() {
    sed -n -e '/^    "principalId": /h' -e "/^    \"principalType\": \"$1\"/{x;s/.*: \"\([^\"]*\)\".*/\1/p;}" \
        "$stage"/export/subscriptions/*/role-assignments.json 2>/dev/null
}

# Object ids of the groups that deny assignments name, as those who are denied or as those who are spared.
denied_groups() {
    sed -n -e '/^        "id": /h' -e '/^        "type": "Group"/{x;s/.*: "\([^"]*\)".*/\1/p;}' \
        "$stage"/export/subscriptions/*/deny-assignments.json 2>/dev/null
}

# --- signing in -----------------------------------------------------------------------------------------------

# The token of the last sign-in. az keeps a copy of it for asking anew when its access ends after an hour or so; by then
# the copy has ended too, while Kubernetes has renewed the file.
signed_in_with=

sign_in() {
    [[ -n $workload_identity ]] || return 0
    local token words=$stage/sign-in-words
    token=$(cat "$AZURE_FEDERATED_TOKEN_FILE") || die "cannot read the token of the workload identity"
    [[ $token != "$signed_in_with" ]] || return 0
    ask "$stage/sign-in" "$words" login --service-principal --username "$AZURE_CLIENT_ID" --tenant "$AZURE_TENANT_ID" \
        --federated-token "$token" ||
        die "az cannot sign in as $AZURE_CLIENT_ID: $(last_words "$words")" \
            "the identity needs a federated credential for this service account, and Reader on a subscription"
    signed_in_with=$token
}

check_workload_identity() {
    local variable
    [[ -n $workload_identity ]] || return 0
    for variable in AZURE_CLIENT_ID AZURE_TENANT_ID AZURE_FEDERATED_TOKEN_FILE; do
        [[ -n ${!variable:-} ]] || die "$variable is not set: workload identity is not enabled in this cluster" \
            "enable it, and give the pod the label azure.workload.identity/use: \"true\""
    done
}

# --- who and where --------------------------------------------------------------------------------------------

# Sets `tenant`, `graph` and the lists `subscriptions` and `names`.
find_subscriptions() {
    local answer=$stage/account words=$stage/account-words id name
    ask "$answer" "$words" account show ||
        die "az is not signed in, or has no current subscription: $(tail -n 1 "$words")" \
            "run \`az login\`, then \`az account set --subscription ID\`"
    tenant=$(field tenantId "$answer")
    [[ $tenant =~ ^[0-9a-fA-F-]{36}$ ]] || die "az account show names no tenant"
    graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv 2>/dev/null)
    graph=${graph%/}
    [[ $graph == https://* ]] || die "the current cloud of az names no Microsoft Graph" "see \`az cloud show\`"
    subscriptions=()
    names=()
    if [[ ${#wanted[@]} -gt 0 ]]; then
        for name in "${wanted[@]}"; do
            find_subscription "$name"
        done
        return
    fi
    # What is no subscription is the tenant itself, for accounts that may sign in without any.
    while IFS=$'\t' read -r id name; do
        [[ -z $id ]] || add_subscription "$id" "$name"
    done < <(az account list --query "[?tenantId=='$tenant' && id!=tenantId].[id, name]" --output tsv 2>/dev/null)
    [[ ${#subscriptions[@]} -gt 0 ]] || die "az knows no enabled subscription of tenant $tenant" \
        "get Reader on a subscription, then run \`az account list --refresh\`"
}

find_subscription() {
    local answer=$stage/account words=$stage/account-words
    ask "$answer" "$words" account show --subscription "$1" ||
        die "$(tail -n 1 "$words" | sed 's/^ERROR: //')" "\`az account list --refresh --output table\` lists what az knows"
    # Questions to Microsoft Graph go to the tenant of the current subscription.
    [[ $(field tenantId "$answer") == "$tenant" ]] ||
        die "subscription $1 belongs to another tenant than the current one, $tenant" \
            "export one tenant at a time: \`az account set --subscription '$1'\` first"
    add_subscription "$(field id "$answer")" "$(field name "$answer")"
}

add_subscription() {
    local known
    for known in ${subscriptions[@]+"${subscriptions[@]}"}; do
        [[ $known != "$1" ]] || return 0
    done
    [[ $1 =~ ^[0-9a-fA-F-]{36}$ ]] || die "az names a subscription without a proper id: $1"
    subscriptions+=("$1")
    names+=("$2")
}

# A text of an object as az prints it.
field() { sed -n "s/^  \"$1\": \"\(.*\)\",\{0,1\}$/\1/p" "$2"; }

# --- what is exported -----------------------------------------------------------------------------------------

export_subscription() {
    local id=$1 folder=subscriptions/$1
    start export_role_assignments "$id" "$folder/role-assignments.json"
    # The CLI's own list leaves out roles that can be assigned only below the subscription.
    start keep_pages roleDefinitions "$id" "$folder/role-definitions{page}.json" \
        "/subscriptions/$id/providers/Microsoft.Authorization/roleDefinitions?api-version=$ROLE_API&\$filter=atScopeAndBelow()"
    start keep denyAssignments "$id" "$folder/deny-assignments.json" role deny-assignment list --subscription "$id"
    start keep registries "$id" "$folder/registries.json" acr list --subscription "$id"
    start keep identities "$id" "$folder/identities.json" identity list --subscription "$id"
    start keep clusters "$id" "$folder/clusters.json" aks list --subscription "$id"
}

# Without the names of roles: they are matched by id, and one more refusal would cost the whole list. The names of
# principals come from Microsoft Graph; where it gives none, the CLI says so in its log only.
export_role_assignments() {
    local question=(role assignment list --all --fill-role-definition-name false --subscription "$1") why
    keep roleAssignments "$1" "$2" "${question[@]}" --verbose
    why=$(sed -n "s/.*$NAMELESS '\(.*\)'.*/\1/p" "$stage/words/$number" | tr '\000-\037\177-\377' '?' | tail -n 1)
    if grep -qs '"principalId"' "$stage/export/$2" && ! grep -q '"principalName"' "$stage/export/$2"; then
        gap identities "$1" "Microsoft Graph named nobody, so deleted principals cannot be told: ${why:0:1000}" "${question[@]}"
    fi
}

export_registry() {
    local id=$1 folder=subscriptions/$2 group name
    take_apart "$id"
    local where=(--registry "$name" --resource-group "$group" --subscription "$2")
    start keep tokens "$id" "$folder/registry-tokens/$name.json" acr token list "${where[@]}"
    start keep scopeMaps "$id" "$folder/registry-scope-maps/$name.json" acr scope-map list "${where[@]}"
    start keep tasks "$id" "$folder/registry-tasks/$name.json" acr task list "${where[@]}"
}

export_identity() {
    local id=$1 group name
    take_apart "$id"
    start keep federatedCredentials "$id" "subscriptions/$2/federated-credentials/$(visible "$group")/$name.json" \
        identity federated-credential list --identity-name "$name" --resource-group "$group" --subscription "$2"
}

# Who pulls, which `az aks list` leaves out even where Azure says it.
export_cluster() {
    local id=$1 group name
    take_apart "$id"
    start keep pullIdentity "$id" "subscriptions/$2/clusters/$(visible "$group")/$name.json" \
        rest --method get --url "$id?api-version=$cluster_api"
}

# Hidden folders are left out of inventories, and a resource group may begin with a dot.
visible() { case $1 in .*) printf '_%s' "$1" ;; *) printf '%s' "$1" ;; esac; }

# What is read of a directory object; the rest of it is personal data, or nothing that a pull depends on.
readonly DIRECTORY_OBJECT='id: id, displayName: displayName, appId: appId, servicePrincipalType: servicePrincipalType, alternativeNames: alternativeNames'

# By Graph's beta: `az ad group member list` asks v1.0, which leaves out managed identities and says nothing.
# The file is named after the group, because the answer does not name it.
export_group() {
    local url="$graph/beta/groups/$1/transitiveMembers?\$top=999"
    local member='{"@odata.type": "@odata.type", '"$DIRECTORY_OBJECT}"
    local query='{"@odata.context": "@odata.context", "@odata.nextLink": "@odata.nextLink", value: value[].'"$member}"
    keep_pages groupMembers "$1" "groups/members{page}.$1.json" "$url" --query "$query"
    # Without Application.Read.All, service principals come as bare ids.
    if sed -n '/"@odata.type": "#microsoft.graph.servicePrincipal"/,/"appId"/p' "$stage"/export/groups/members*."$1".json \
        2>/dev/null | grep -q '"appId": null'; then
        gap identities "$1" "Microsoft Graph shows members without their client ids: Application.Read.All is missing" \
            rest --method get --url "$url"
    fi
}

# The client ids of who holds assignments, by up to a thousand object ids in one question.
export_service_principals() {
    local url="$graph/v1.0/directoryObjects/getByIds" body=$stage/body part=0 ids
    local query="value[?\"@odata.type\"=='#microsoft.graph.servicePrincipal'].{$DIRECTORY_OBJECT}"
    assigned ServicePrincipal | sort -u >"$stage/principals"
    split -l 1000 "$stage/principals" "$stage/principals-"
    for ids in "$stage"/principals-*; do
        [[ -s $ids ]] || continue
        part=$((part + 1))
        printf '{"ids": [%s], "types": ["servicePrincipal"]}' \
            "$(sed 's/.*/"&"/' "$ids" | tr '\n' ',' | sed 's/,$//')" >"$body-$part"
        start keep identities "service principals that hold role assignments, part $part" \
            "directory/service-principals-$part.json" \
            rest --method post --url "$url" --body "@$body-$part" --query "$query"
    done
}

# Clusters from before managed identities pull with a service principal of their own.
export_cluster_principals() {
    local client
    sed -n '/^    "servicePrincipalProfile": {/,/^    }/s/^      "clientId": "\([0-9a-fA-F-]\{36\}\)".*/\1/p' \
        "$stage"/export/subscriptions/*/clusters.json 2>/dev/null | sort -u >"$stage/clients"
    while read -r client; do
        start keep identities "$client" "directory/cluster-principal-$client.json" \
            rest --method get --url "$graph/v1.0/servicePrincipals(appId='$client')" --query "{$DIRECTORY_OBJECT}"
    done <"$stage/clients"
}

# A chain that does not begin at the root, which is named after the tenant, would count as the whole chain.
check_management_groups() {
    local file=$stage/export/management-groups.json id chain
    [[ -f $file ]] || return 0
    for id in "${subscriptions[@]}"; do
        chain=$(sed -n -e '/^  {/,/^  }/{/^  {/h;/^  {/!H;/^  }/{x;s/\n/ /g;p;};}' "$file" | grep -i "\"name\": \"$id\"" |
            sed -n 's/.*"parentNameChain": \[ *"\([^"]*\)".*/\1/p')
        [[ $(tr '[:upper:]' '[:lower:]' <<<"$chain") != "$(tr '[:upper:]' '[:lower:]' <<<"$tenant")" ]] || continue
        gap managementGroups "$id" "the answer does not show the chain from the tenant's root group to the subscription" \
            account management-group entities list
        rm -f "$file"
        return
    done
}

has_data() {
    local id
    for id in "${subscriptions[@]}"; do
        [[ ! -f $stage/export/subscriptions/$id/registries.json &&
            ! -f $stage/export/subscriptions/$id/role-assignments.json ]] || return 0
    done
    return 1
}

write_export_document() {
    local list
    list=$(printf ', "%s"' "${subscriptions[@]}")
    {
        printf '{\n  "apiVersion": "acr-admission.dev/v1",\n  "kind": "InventoryExport",\n'
        printf '  "exportedAt": "%s",\n  "tenantId": "%s",\n' "$started_at" "$tenant"
        printf '  "subscriptions": [%s],\n  "tool": "export-inventory.sh %s",\n  "gaps": [' "${list#, }" "$VERSION"
        if [[ $gaps -gt 0 ]]; then
            printf '\n'
            cat "$stage"/gaps/* | sed '$!s/$/,/'
            printf '  '
        fi
        printf ']\n}\n'
    } >"$stage/export/export.json"
}

# --- the folder -----------------------------------------------------------------------------------------------

stage=

make_stage() {
    local parent
    parent=$(dirname "$output")
    mkdir -p "$parent" || die "cannot make the folder $parent"
    # Beside the target, so that the move at the end is one step.
    stage=$(mktemp -d "$parent/.export-inventory.XXXXXX") || die "cannot write in $parent"
    mkdir "$stage/export" "$stage/gaps" "$stage/answers" "$stage/words"
}

leave() {
    trap - EXIT HUP INT TERM
    local children
    children=$(jobs -p)
    # shellcheck disable=SC2086 # one word for each process
    [[ -z $children ]] || kill $children 2>/dev/null
    [[ -z $stage ]] || rm -rf "$stage"
    exit "$1"
}

is_free() { [[ ! -e $output && ! -L $output ]] || { [[ -d $output ]] && [[ -z $(ls -A "$output") ]]; }; }

check_target() {
    is_free && return
    [[ -d $output ]] || die "$output exists and is no folder"
    [[ -n $force ]] || die "the folder $output is not empty" "give another --output, or --force to replace an earlier export"
    grep -qs '"kind": "InventoryExport"' "$output/export.json" ||
        die "the folder $output holds no earlier export, so it is not replaced" "give another --output"
}

move_export() {
    if [[ -d $output ]] && ! rmdir "$output" 2>/dev/null; then
        mv "$output" "$stage/before" || die "cannot replace $output"
    fi
    if ! mv "$stage/export" "$output"; then
        [[ ! -d $stage/before ]] || mv "$stage/before" "$output"
        die "cannot write $output"
    fi
}

# --------------------------------------------------------------------------------------------------------------

main() {
    read_arguments "$@"
    command -v az >/dev/null || die "az is not on the PATH" \
        "install the Azure CLI (https://aka.ms/azure-cli), or run this in Azure Cloud Shell"
    check_target
    check_workload_identity
    # Who may do what in a tenant is nobody else's business.
    umask 077
    # Errors only, and none in colour: the last line is recorded. Never asks to install anything.
    export AZURE_CORE_ONLY_SHOW_ERRORS=true AZURE_CORE_NO_COLOR=true AZURE_CORE_DISABLE_CONFIRM_PROMPT=true
    export AZURE_EXTENSION_USE_DYNAMIC_INSTALL=no PYTHONIOENCODING=utf-8 PYTHONUTF8=1
    trap 'leave $?' EXIT
    trap 'leave 130' HUP INT TERM
    make_stage
    started_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    sign_in
    find_subscriptions
    say "tenant $tenant, ${#subscriptions[@]} subscription(s): $(IFS=,; printf '%s' "${names[*]}" | sed 's/,/, /g')"

    local id position
    start keep managementGroups "$tenant" management-groups.json account management-group entities list
    for id in "${subscriptions[@]}"; do
        export_subscription "$id"
    done
    finish
    has_data || die "nothing could be exported: neither registries nor role assignments" \
        "sign in as somebody with Reader on the subscriptions; --help lists the rights"
    number=$((number + 1))
    check_management_groups
    for ((position = 0; position < ${#subscriptions[@]}; position++)); do
        export_details "${subscriptions[$position]}" "${names[$position]}"
    done
    export_directory
    finish
    close
}

export_details() {
    local id=$1 folder=subscriptions/$1 resource
    say "$2: $(count_of "$folder/registries.json") registries, $(count_of "$folder/role-assignments.json") role assignments," \
        "$(count_of "$folder/identities.json") identities, $(count_of "$folder/clusters.json") clusters"
    ids_of "$folder/registries.json" >"$stage/registries" || exit
    ids_of "$folder/identities.json" >"$stage/identities" || exit
    ids_of "$folder/clusters.json" >"$stage/clusters" || exit
    while read -r resource; do export_registry "$resource" "$id"; done <"$stage/registries"
    while read -r resource; do export_identity "$resource" "$id"; done <"$stage/identities"
    while read -r resource; do export_cluster "$resource" "$id"; done <"$stage/clusters"
}

export_directory() {
    local group
    { assigned Group; denied_groups; } | sort -u >"$stage/groups"
    [[ ! -s $stage/groups ]] || say "members of $(grep -c . "$stage/groups") groups, service principals"
    while read -r group; do start export_group "$group"; done <"$stage/groups"
    export_service_principals
    export_cluster_principals
    [[ -z $conditional_access ]] || start keep_pages conditionalAccess "$tenant" "conditional-access-policies{page}.json" \
        "$graph/v1.0/identity/conditionalAccess/policies"
}

close() {
    gaps=$(cat "$stage"/gaps/* 2>/dev/null | grep -c .)
    write_export_document
    move_export
    if [[ $gaps -gt 0 ]]; then
        say "$output: exported with $gaps gap(s), which are recorded in $output/export.json"
        exit 3
    fi
    say "$output: complete"
}

main "$@"
