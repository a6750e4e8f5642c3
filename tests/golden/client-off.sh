#!/bin/sh
# Has this machine use the registry docker.example.com:5000. As root; --remove takes it back.
ADDRESS=docker.example.com:5000
DOMAIN=docker.example.com
FINGERPRINT=''
DAEMON_VALUES='docker.example.com:5000 docker.example.com:5001 http://docker.example.com:5001'
set -eu
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

# put PATH PRINTER, take PATH PRINTER: a file of the registry's own. What stood there before comes back with take.
put() {
    mkdir -p "$root${1%/*}"
    "$2" > "$root$1.new.$$"
    if [ -f "$root$1" ] && cmp -s "$root$1" "$root$1.new.$$"; then
        rm -f "$root$1.new.$$"; say "$root$1 is as it should be."
        return
    fi
    if [ "$2" != ca ] && [ -f "$root$1" ] && [ ! -e "$root$1.before-client-sh" ]; then
        cp -p "$root$1" "$root$1.before-client-sh"
    fi
    mv -f "$root$1.new.$$" "$root$1"; say "$root$1 written."
}
take() {
    [ -f "$root$1" ] || return 0
    "$2" > "$root$1.new.$$"
    if ! cmp -s "$root$1" "$root$1.new.$$"; then say "$root$1 is not what this script wrote, and stays."
    elif [ -f "$root$1.before-client-sh" ]; then mv -f "$root$1.before-client-sh" "$root$1"; say "$root$1 restored."
    else rm -f "$root$1"; rmdir "$root${1%/*}" 2>/dev/null || :; say "$root$1 removed."
    fi
    rm -f "$root$1.new.$$"
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
    if [ "$verb" = take ]; then take "$file" daemon_json; return; fi
    missing=
    for value in $DAEMON_VALUES; do
        [ -f "$root$file" ] && grep -qF "\"$value\"" "$root$file" || missing=yes
    done
    if [ -z "$missing" ]; then say "$root$file is as it should be."
    elif [ -s "$root$file" ]; then
        say "$root$file is there already, and is not touched. Add to it, then reload Docker:"; daemon_json; status=3
    else put "$file" daemon_json; say "then reload Docker: systemctl reload docker"
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
    daemon
}

for_containerd() {
    "$verb" /etc/containerd/certs.d/docker.example.com:5000/hosts.toml file_0
    "$verb" /etc/containerd/certs.d/docker.io/hosts.toml file_1
}

for_podman() {
    "$verb" /etc/containers/registries.conf.d/docker.example.com.conf file_2
    "$verb" /etc/containers/registries.conf.d/mirror-docker.io.conf file_3
}

for_system() {
    say "system needs nothing."
}

say "registry $ADDRESS, CA SHA-256 ${FINGERPRINT:-none}"
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
for client in $clients; do "for_$client"; done
exit "$status"
