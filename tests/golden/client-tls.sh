#!/bin/sh
# Has this machine use the registry docker.example.com:8443. As root; --remove takes it back.
ADDRESS=docker.example.com:8443
DOMAIN=docker.example.com
FINGERPRINT=SHA256
DAEMON_VALUES=https://docker.example.com:5443
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

ca() {
cat <<'END_OF_CA'
PEM
END_OF_CA
}

sum=$(ca | sed '/^-----/d' | base64 -d | { sha256sum 2>/dev/null || shasum -a 256; } | cut -d' ' -f1)
[ "$sum" = "$FINGERPRINT" ] || die "the CA certificate in this script has SHA-256 $sum, not $FINGERPRINT: nothing was changed."

daemon_json() {
cat <<'END_OF_DAEMON_JSON'
{
    "registry-mirrors": [
        "https://docker.example.com:5443"
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
server = "https://docker.example.com:8443"
ca = "/etc/containerd/certs.d/docker.example.com:8443/ca.crt"

[host."https://docker.example.com:8443"]
  capabilities = ["pull", "resolve", "push"]
  ca = "/etc/containerd/certs.d/docker.example.com:8443/ca.crt"
END_OF_FILE_0
}

file_1() {
cat <<'END_OF_FILE_1'
server = "https://registry-1.docker.io"

[host."https://docker.example.com:5443"]
  capabilities = ["pull", "resolve"]
  ca = "/etc/containerd/certs.d/docker.example.com:5443/ca.crt"
END_OF_FILE_1
}

file_2() {
cat <<'END_OF_FILE_2'
server = "https://ghcr.io"

[host."https://docker.example.com:5444"]
  capabilities = ["pull", "resolve"]
  ca = "/etc/containerd/certs.d/docker.example.com:5444/ca.crt"
END_OF_FILE_2
}

file_3() {
cat <<'END_OF_FILE_3'
[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "docker.example.com:5443"
END_OF_FILE_3
}

file_4() {
cat <<'END_OF_FILE_4'
[[registry]]
prefix = "ghcr.io"
location = "ghcr.io"

[[registry.mirror]]
location = "docker.example.com:5444"
END_OF_FILE_4
}

system() {
    if [ -z "$root" ] && [ "$(uname)" = Darwin ]; then
        file=/usr/local/share/private-registry/$DOMAIN.crt
        if [ "$verb" = put ]; then
            put "$file" ca
            security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain "$file"
        else
            sum=$(ca | openssl x509 -noout -fingerprint -sha1 | cut -d= -f2 | tr -d :)
            security delete-certificate -Z "$sum" -t /Library/Keychains/System.keychain || :
            take "$file" ca
        fi
        return
    fi
    if [ -d "$root/etc/pki/ca-trust/source/anchors" ]; then folder=/etc/pki/ca-trust/source/anchors update=update-ca-trust
    elif [ -d "$root/etc/pki/trust/anchors" ]; then folder=/etc/pki/trust/anchors update=update-ca-certificates
    else folder=/usr/local/share/ca-certificates update=update-ca-certificates
    fi
    "$verb" "$folder/$DOMAIN.crt" ca
    if [ -n "$root" ]; then say "then: $update"; else "$update"; fi
}

for_docker() {
    "$verb" /etc/docker/certs.d/docker.example.com:8443/ca.crt ca
    "$verb" /etc/docker/certs.d/docker.example.com:5443/ca.crt ca
    "$verb" /etc/docker/certs.d/docker.example.com:5444/ca.crt ca
    daemon
}

for_containerd() {
    "$verb" /etc/containerd/certs.d/docker.example.com:8443/ca.crt ca
    "$verb" /etc/containerd/certs.d/docker.example.com:5443/ca.crt ca
    "$verb" /etc/containerd/certs.d/docker.example.com:5444/ca.crt ca
    "$verb" /etc/containerd/certs.d/docker.example.com:8443/hosts.toml file_0
    "$verb" /etc/containerd/certs.d/docker.io/hosts.toml file_1
    "$verb" /etc/containerd/certs.d/ghcr.io/hosts.toml file_2
}

for_podman() {
    "$verb" /etc/containers/certs.d/docker.example.com:8443/ca.crt ca
    "$verb" /etc/containers/certs.d/docker.example.com:5443/ca.crt ca
    "$verb" /etc/containers/certs.d/docker.example.com:5444/ca.crt ca
    "$verb" /etc/containers/registries.conf.d/mirror-docker.io.conf file_3
    "$verb" /etc/containers/registries.conf.d/mirror-ghcr.io.conf file_4
}

for_system() {
    system
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
