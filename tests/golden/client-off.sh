#!/bin/sh
# Has this machine use the registry docker.example.com:5000. As root; --remove takes it back.
ADDRESS=docker.example.com:5000
DOMAIN=docker.example.com
DEPLOYMENT=docker.example.com:5000
FINGERPRINTS=''
DAEMON_VALUES='docker.example.com:5000 docker.example.com:5001 http://docker.example.com:5001'
# Without patterns: an IPv6 address has brackets.
set -euf
umask 022
root= ; clients= ; verb=put ; status=0
say() { echo "client.sh: $*"; }
die() { say "$*" >&2; exit 2; }
while [ $# -gt 0 ]; do
    case $1 in
        --for | --root) [ $# -ge 2 ] || die "$1 needs a value."
            if [ "$1" = --root ]; then root=${2%/}; else clients="$clients $2"; fi
            shift 2 ;;
        --remove) verb=take ; shift ;;
        *) die "unknown argument $1; there are: --for docker|containerd|podman|system, --remove, --root DIR." ;;
    esac
done

# What is done is recorded before it is done: 'dir PATH' for a folder that was made, 'file CLIENT SUM PATH' for a file where
# none was, and 'kept CLIENT SUM PATH' for one that replaced another, which is kept as PATH.before-client-sh.
# SUM is that of what was written, in 'was CLIENT SUM PATH' of what was found: a file with another was changed by another hand.
records=/var/lib/private-registry ; [ "$(uname)" != Darwin ] || records=/usr/local/share/private-registry
record=$root$records/client-sh-$DEPLOYMENT
staging=private-registry-client-sh.tmp
wanted=
sum() { [ -f "$1" ] && cksum < "$1" | tr ' ' -; }
# missing FOLDER: the folders that are not there yet, the innermost first.
missing() {
    at=$1
    while [ -n "$at" ] && [ ! -d "$root$at" ]; do echo "$at"; at=${at%/*}; done
}
# above FOLDER: the folder and all above it.
above() {
    at=$1
    while [ -n "$at" ]; do echo "$at"; at=${at%/*}; done
}
# What an interrupted run left.
sweep() {
    for at in $(above "$records"); do rm -rf "$root$at/$staging"; done
    rm -rf "$root/$staging"
    rm -f "$record.new"
    [ -f "$record" ] || return 0
    for path in $(awk '$1 != "dir" { print $4 }' "$record" | sort -u); do
        rm -f "$root$path.client-sh.tmp"
    done
}
# The record comes with its folders at once: one that nothing tells of would stay for ever.
begin() {
    [ ! -f "$record" ] || return 0
    new=$(missing "$records")
    if [ -z "$new" ]; then : > "$record"; return; fi
    top=$(echo "$new" | tail -n 1)
    mkdir -p "$root${top%/*}/$staging${records#"$top"}"
    echo "$new" | sed '1!G;h;$!d;' | sed 's/^/dir /' > "$root${top%/*}/$staging${records#"$top"}/${record##*/}"
    mv "$root${top%/*}/$staging" "$root$top"
}
note() { echo "$*" >> "$record"; }
# written PATH: every sum that was written there.
written() { [ ! -f "$record" ] || awk -v path="$1" '$4 == path { print $3 }' "$record"; }
found() { [ ! -f "$record" ] || awk -v path="$1" '$4 == path && $1 == "was" { print $3 }' "$record"; }
kind_of() { [ ! -f "$record" ] || awk -v path="$1" '$4 == path && $1 != "was" { kind = $1 } END { print kind }' "$record"; }
# ours PATH: whether it is as this script, or an earlier one of the registry, left it or found it.
ours() {
    [ ! -e "$root$1" ] || cmp -s "$root$1" "$root$1.before-client-sh" || written "$1" | grep -qxF -e "$(sum "$root$1")"
}
# put PATH PRINTER: a file of the registry's own.
put() {
    fresh=$root$1.client-sh.tmp
    wanted="$wanted $1 "
    kind=$(kind_of "$1")
    for folder in $(missing "${1%/*}" | sed '1!G;h;$!d;'); do begin; note "dir $folder"; mkdir "$root$folder"; done
    if [ -f "$root$1" ] && "$2" | cmp -s - "$root$1"; then
        say "$root$1 is as it should be."
        return
    fi
    if [ -n "$kind" ] && ! ours "$1"; then
        status=3
        say "$root$1 was changed since, and stays: move it away to keep it, or remove it, and run this again."
        return
    fi
    if [ -z "$kind" ] && [ -e "$root$1" ]; then
        kind=kept
        [ ! -e "$root$1.before-client-sh" ] || cmp -s "$root$1" "$root$1.before-client-sh" || {
            die "$root$1.before-client-sh is in the way: move it away. $root$1 is left as it is."
        }
    fi
    begin
    if [ -z "$(kind_of "$1")" ] && [ "$kind" = kept ]; then note "was $client $(sum "$root$1") $1"; fi
    note "${kind:-file} $client $("$2" | cksum | tr ' ' -) $1"
    if [ ! -e "$root$1.before-client-sh" ] && [ -e "$root$1" ] && found "$1" | grep -qxF -e "$(sum "$root$1")"; then
        ln "$root$1" "$root$1.before-client-sh" 2>/dev/null || cp -p "$root$1" "$root$1.before-client-sh"
    fi
    "$2" > "$fresh"
    mv -f "$fresh" "$root$1"; changed=yes ; say "$root$1 written."
}
# forget CLIENT PATH
forget() {
    awk -v client="$1" -v path="$2" '!($2 == client && $4 == path)' "$record" > "$record.new"
    mv "$record.new" "$record"
}
# take_back PATH: the file as it was before this script's first change.
take_back() {
    before=$1.before-client-sh
    if [ "$(kind_of "$1")" = kept ] && [ -e "$root$before" ]; then
        if [ -e "$root$1" ] && found "$1" | grep -qxF -e "$(sum "$root$1")"; then
            # The very file, or one that came to have the same text: its mode and time are those of before again.
            mv -f "$root$before" "$root$1" 2>/dev/null || :
            rm -f "$root$before"
        elif [ -e "$root$1" ] && ours "$1"; then mv -f "$root$before" "$root$1"; say "$root$1 restored."
        else say "$root$1 was changed or removed since, and stays so. What was there before is kept as $root$before."
        fi
    elif [ "$(kind_of "$1")" = file ] && [ -e "$root$1" ]; then
        if ours "$1"; then rm -f "$root$1"; say "$root$1 removed."
        else say "$root$1 is not what this script wrote, and stays."
        fi
    fi
}
# take CLIENT: everything of a client's but what is wanted by now.
take() {
    if [ ! -f "$record" ]; then
        [ "$verb" = put ] || say "$1: nothing that this script did is recorded here."
        return 0
    fi
    for path in $(awk -v client="$1" '$2 == client { print $4 }' "$record" | sort -u); do
        case $wanted in *" $path "*) continue ;; esac
        # Another client of the registry may want the same file.
        others=$(awk -v client="$1" -v path="$path" '$2 != client && $4 == path' "$record")
        [ -n "$others" ] || take_back "$path"
        forget "$1" "$path"
    done
}
# Folders that were made and are empty go, and with the last file so does the record.
finish() {
    [ -f "$record" ] || return 0
    folders=$(awk '$1 == "dir" { print $2 }' "$record" | sort -ru)
    for folder in $folders; do rmdir "$root$folder" 2>/dev/null || :; done
    if grep -q '^[fk]' "$record"; then return; fi
    top=
    for folder in $(above "$records"); do
        echo "$folders" | grep -qxF -e "$folder" && [ "$(ls -A "$root$folder" | wc -l)" -eq 1 ] || break
        top=$folder
    done
    if [ -z "$top" ]; then rm -f "$record"; return; fi
    mv "$root$top" "$root${top%/*}/$staging"
    rm -rf "$root${top%/*}/$staging"
}

daemon_json() {
cat <<'END_OF_DAEMON_JSON'
{
    "insecure-registries": [
        "docker.example.com:5000",
        "docker.example.com:5001"
    ],
    "registry-mirrors": [
        "http://docker.example.com:5001"
    ]
}
END_OF_DAEMON_JSON
}

daemon() {
    file=/etc/docker/daemon.json
    changed=
    if [ ! -s "$root$file" ] || { [ -n "$(kind_of "$file")" ] && ours "$file"; }; then
        put "$file" daemon_json
        [ -z "$changed" ] || say "then reload Docker: systemctl reload docker"
        return
    fi
    wanted="$wanted $file "
    unlike=
    for value in $DAEMON_VALUES; do
        grep -qF "\"$value\"" "$root$file" || unlike=yes
    done
    if [ -z "$unlike" ]; then say "$root$file is as it should be."
    else say "$root$file is there already, and is not touched. Add to it, then reload Docker:"; daemon_json; status=3
    fi
}

file_0() {
cat <<'END_OF_FILE_0'
server = "http://docker.example.com:5000"

[host."http://docker.example.com:5000"]
  capabilities = ["pull", "resolve", "push"]
END_OF_FILE_0
}

file_1() {
cat <<'END_OF_FILE_1'
server = "https://registry-1.docker.io"

[host."http://docker.example.com:5001"]
  capabilities = ["pull", "resolve"]
END_OF_FILE_1
}

file_2() {
cat <<'END_OF_FILE_2'
[[registry]]
location = "docker.example.com:5000"
insecure = true
END_OF_FILE_2
}

file_3() {
cat <<'END_OF_FILE_3'
[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "docker.example.com:5001"
insecure = true
END_OF_FILE_3
}

for_docker() {
    if [ "$verb" = put ]; then
        daemon
    fi
    take docker
}

for_containerd() {
    if [ "$verb" = put ]; then
        put /etc/containerd/certs.d/docker.example.com:5000/hosts.toml file_0
        put /etc/containerd/certs.d/docker.io/hosts.toml file_1
    fi
    take containerd
}

for_podman() {
    if [ "$verb" = put ]; then
        put /etc/containers/registries.conf.d/docker.example.com.conf file_2
        put /etc/containers/registries.conf.d/mirror-docker.io.conf file_3
    fi
    take podman
}

for_system() {
    [ "$verb" = take ] || say "system needs nothing."
    take system
}

say "registry $ADDRESS, CA SHA-256 ${FINGERPRINTS:-none}"
if [ -z "$clients" ]; then
    if [ -z "$root" ] && [ "$(uname)" = Darwin ]; then clients=system; fi
    [ -d "$root/etc/docker" ] && clients="$clients docker"
    [ -d "$root/etc/containerd" ] && clients="$clients containerd"
    [ -d "$root/etc/containers" ] && clients="$clients podman"
    [ -n "$clients" ] || die "no Docker, containerd or Podman found here: say which one with --for docker|containerd|podman|system."
fi
for client in $clients; do
    case $client in
        docker | containerd | podman | system) ;;
        *) die "--for $client is unknown; there are: docker, containerd, podman, system." ;;
    esac
done
sweep
for client in $clients; do "for_$client"; done
finish
exit "$status"
