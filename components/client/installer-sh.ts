/** The text of client.sh. Pure. */
import { shellWord } from "./address";

interface OwnFile {
    path: string;
    content: string;
}

export interface ShellFacts {
    address: string;
    domain: string;
    /** "" where there is no CA to trust. */
    caPem: string;
    /** SHA-256 of the CA's DER form, lower-case hex; "" without a CA. */
    fingerprint: string;
    /** What daemon.json needs; "" for nothing. */
    daemonJson: string;
    daemonValues: string[];
    /** Names of the folders under certs.d. */
    certFolders: string[];
    containerd: OwnFile[];
    podman: OwnFile[];
}

/** A function that prints a text. */
const printer = (name: string, text: string) => `${name}() {
cat <<'END_OF_${name.toUpperCase()}'
${text.trimEnd()}
END_OF_${name.toUpperCase()}
}
`;

const HEAD = String.raw`set -eu
umask 022
root= ; clients= ; verb=put ; status=0
say() { echo "client.sh: $*"; }
die() { say "$*" >&2; exit 2; }
while [ $# -gt 0 ]; do
    case $1 in
        --for | --root) [ $# -ge 2 ] || die "$1 needs a value."
            if [ "$1" = --root ]; then root=\${2%/}; else clients="$clients $2"; fi
            shift 2 ;;
        --remove) verb=take ; shift ;;
        *) die "unknown argument $1; there are: --for docker|containerd|podman|system, --remove, --root DIR." ;;
    esac
done

# put PATH PRINTER, take PATH PRINTER: a file of the registry's own. What stood there before comes back with take.
put() {
    mkdir -p "$root\${1%/*}"
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
    else rm -f "$root$1"; rmdir "$root\${1%/*}" 2>/dev/null || :; say "$root$1 removed."
    fi
    rm -f "$root$1.new.$$"
}
`.replaceAll("\\$", "$");

const VERIFY = String.raw`sum=$(ca | sed '/^-----/d' | base64 -d | { sha256sum 2>/dev/null || shasum -a 256; } | cut -d' ' -f1)
[ "$sum" = "$FINGERPRINT" ] || die "the CA certificate in this script has SHA-256 $sum, not $FINGERPRINT: nothing was changed."
`;

const SYSTEM = String.raw`system() {
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
`;

const DAEMON = String.raw`daemon() {
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
`;

const TAIL = String.raw`if [ -z "$clients" ]; then
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
`;

/** The whole script. */
export function shellBody(facts: ShellFacts): string {
    const own = [...facts.containerd, ...facts.podman];
    const trusts = facts.caPem !== "";
    const cas = (folder: string) =>
        trusts ? facts.certFolders.map((at) => `"$verb" ${shellWord(`${folder}/${at}/ca.crt`)} ca`) : [];
    const files = (some: OwnFile[]) =>
        some.map((file) => `"$verb" ${shellWord(file.path)} file_${own.indexOf(file)}`);
    const step = (client: string, lines: string[]) =>
        `for_${client}() {\n${(lines.length > 0 ? lines : [`say "${client} needs nothing."`]).map((line) => `    ${line}\n`).join("")}}\n`;
    return [
        "#!/bin/sh",
        `# Has this machine use the registry ${facts.address}. As root; --remove takes it back.`,
        `ADDRESS=${shellWord(facts.address)}`,
        `DOMAIN=${shellWord(facts.domain)}`,
        `FINGERPRINT=${shellWord(facts.fingerprint)}`,
        `DAEMON_VALUES=${shellWord(facts.daemonValues.join(" "))}`,
        HEAD,
        ...(trusts ? [printer("ca", facts.caPem), VERIFY] : []),
        ...(facts.daemonJson === "" ? [] : [printer("daemon_json", facts.daemonJson), DAEMON]),
        ...own.map(({ content }, i) => printer(`file_${i}`, content)),
        ...(trusts ? [SYSTEM] : []),
        step("docker", [...cas("/etc/docker/certs.d"), ...(facts.daemonJson === "" ? [] : ["daemon"])]),
        step("containerd", [...cas("/etc/containerd/certs.d"), ...files(facts.containerd)]),
        step("podman", [...cas("/etc/containers/certs.d"), ...files(facts.podman)]),
        step("system", trusts ? ["system"] : []),
        `say "registry $ADDRESS, CA SHA-256 \${FINGERPRINT:-none}"`.replace("\\$", "$"),
        TAIL,
    ].join("\n");
}
