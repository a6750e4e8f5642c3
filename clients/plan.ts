/** What a client's machine needs so that it uses the registry: files, additions to files, commands. Pure. */
import { X509Certificate } from "node:crypto";

import { isDockerHub, upstreamName } from "../address/upstream";

import { domainOf, needsName } from "../address/address";
import { buildkitRegistry, containerdHosts, podmanInsecure, podmanMirror } from "./toml";

export const CLIENTS = [
    "docker",
    "containerd",
    "podman",
    "system",
    "docker-desktop",
    "docker-rootless",
    "buildkit",
    "helm",
    "k3s",
    "rke2",
] as const;
export type Client = (typeof CLIENTS)[number];
/** Clients of one user, which need no root and whose record lies in the user's home. */
export const USER_CLIENTS: readonly Client[] = ["docker-rootless", "helm"];
/** Clients that there are on Linux alone. */
export const LINUX_CLIENTS: readonly Client[] = [
    "docker",
    "containerd",
    "podman",
    "docker-rootless",
    "buildkit",
    "k3s",
    "rke2",
];
export const SYSTEMS = ["linux", "macos", "windows"] as const;
export type System = (typeof SYSTEMS)[number];
/** Where a Linux keeps the CAs that its administrator trusts. */
export const STORES = ["debian", "redhat", "suse"] as const;
export type Store = (typeof STORES)[number];

/** A pull-through cache of the deployment. */
export interface MirrorFacts {
    /** `https://docker.example.com:5443` */
    endpoint: string;
    /** What it caches: `https://registry-1.docker.io`. */
    upstream: string;
}

export interface PlanFacts {
    /** `docker.example.com` or `docker.example.com:8443`, as in image names. */
    address: string;
    tls: boolean;
    /** PEM, of two CAs while one takes the other's place; "" where the certificate comes from a CA that everyone trusts. */
    caPem: string;
    mirrors?: MirrorFacts[] | undefined;
    /** Address for the line in the hosts file. @default none: DNS knows the name */
    hostAddress?: string | undefined;
}

/** A change of one file; `~` at its start is the user's home folder. */
export type Change = { path: string } & (
    | { kind: "file"; content: string }
    /** Values for a list of a JSON object. */
    | { kind: "list"; key: string; values: string[] }
    /** An option of DOCKER_OPTS. */
    | { kind: "option"; option: string; value: string }
    | { kind: "host"; address: string; name: string }
    /** A table at the end of a TOML file. */
    | { kind: "block"; block: string }
    /** A value of a YAML file, or values for a list there. */
    | { kind: "yaml"; at: string[]; value: string | string[] }
);

export interface Step {
    command: string[];
    /** It makes the change work and interrupts nothing, so `--apply` runs it. */
    automatic: boolean;
}

export interface Plan {
    changes: Change[];
    /** Commands after the changes, and after they were taken back. */
    after: Step[];
    afterRemoval: Step[];
    /** In place of `after` where files were there before, by the texts of those that changed. @default after */
    afterChange?: (former: readonly string[]) => Step[];
}

export const DAEMON_JSON = "/etc/docker/daemon.json";
export const DEFAULT_DOCKER = "/etc/default/docker";
const DESKTOP_JSON = "~/.docker/daemon.json";

const automatic = (...command: string[]): Step => ({ command, automatic: true });
const manual = (...command: string[]): Step => ({ command, automatic: false });

const ANCHORS: Record<Store, { folder: string; update: string }> = {
    debian: { folder: "/usr/local/share/ca-certificates", update: "update-ca-certificates" },
    redhat: { folder: "/etc/pki/ca-trust/source/anchors", update: "update-ca-trust" },
    suse: { folder: "/etc/pki/trust/anchors", update: "update-ca-certificates" },
};

const HOSTS: Record<System, string> = {
    linux: "/etc/hosts",
    macos: "/etc/hosts",
    windows: String.raw`C:\Windows\System32\drivers\etc\hosts`,
};

const file = (path: string, content: string): Change => ({ kind: "file", path, content });
const list = (path: string, key: string, values: string[]): Change[] =>
    values.length > 0 ? [{ kind: "list", path, key, values }] : [];

/** The certificates of a PEM text, each by itself. What is none, such as the name of a file, is given back. */
export function certificatesIn(pem: string): string[] {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n?/g) ?? [];
    return blocks.length > 1 ? blocks : [pem];
}

/** SHA-1 of a certificate, by which the stores of macOS and Windows name it. Of a mere file name there is none. */
const thumbprint = (pem: string): string =>
    pem.includes("-----BEGIN") ? new X509Certificate(pem).fingerprint.replaceAll(":", "") : "SHA1";

/** Every address at which the deployment is to be trusted: the registry's and its mirrors'. */
function addresses({ address, mirrors = [] }: PlanFacts): string[] {
    return [...new Set([address, ...mirrors.map(({ endpoint }) => new URL(endpoint).host)])];
}

/** The CA's file in folders that have one for each registry. */
const certs = (facts: PlanFacts, folder: string): Change[] =>
    facts.caPem === "" ? [] : addresses(facts).map((at) => file(`${folder}/${at}/ca.crt`, facts.caPem));

/** Docker's registry-mirrors are for Docker Hub alone (docs.docker.com/docker-hub/image-library/mirror). */
const hubMirrors = ({ mirrors = [] }: PlanFacts): string[] =>
    mirrors.filter(({ upstream }) => isDockerHub(upstream)).map(({ endpoint }) => endpoint);

function daemonLists(path: string, facts: PlanFacts): Change[] {
    return [
        ...list(path, "insecure-registries", facts.tls ? [] : addresses(facts)),
        ...list(path, "registry-mirrors", hubMirrors(facts)),
    ];
}

function docker(facts: PlanFacts, upstart: boolean): Plan {
    if (upstart) {
        const option = (name: string, value: string): Change => ({
            kind: "option",
            path: DEFAULT_DOCKER,
            option: name,
            value,
        });
        const options = [
            ...(facts.tls ? [] : addresses(facts).map((value) => option("insecure-registry", value))),
            ...hubMirrors(facts).map((value) => option("registry-mirror", value)),
        ];
        const restart = options.length > 0 ? [manual("service", "docker", "restart")] : [];
        return {
            changes: [...certs(facts, "/etc/docker/certs.d"), ...options],
            after: restart,
            afterRemoval: restart,
        };
    }
    const lists = daemonLists(DAEMON_JSON, facts);
    // Both lists are among what dockerd reads anew without a restart (dockerd, "Configuration reload behavior").
    const reload = lists.length > 0 ? [manual("systemctl", "reload", "docker")] : [];
    return {
        changes: [...certs(facts, "/etc/docker/certs.d"), ...lists],
        after: reload,
        afterRemoval: reload,
    };
}

function containerd(facts: PlanFacts): Plan {
    const folder = "/etc/containerd/certs.d";
    const ca = (at: string) => (facts.caPem === "" ? undefined : `${folder}/${at}/ca.crt`);
    const own = file(
        `${folder}/${facts.address}/hosts.toml`,
        containerdHosts(`http${facts.tls ? "s" : ""}://${facts.address}`, ca(facts.address)),
    );
    const mirrors = (facts.mirrors ?? []).map((mirror) =>
        file(
            `${folder}/${upstreamName(mirror.upstream)}/hosts.toml`,
            containerdHosts(mirror.endpoint, ca(new URL(mirror.endpoint).host), mirror.upstream),
        ),
    );
    return { changes: [...certs(facts, folder), own, ...mirrors], after: [], afterRemoval: [] };
}

function podman(facts: PlanFacts): Plan {
    const folder = "/etc/containers/registries.conf.d";
    const insecure = facts.tls
        ? []
        : [file(`${folder}/${domainOf(facts.address)}.conf`, podmanInsecure(facts.address))];
    const mirrors = (facts.mirrors ?? []).map((mirror) =>
        file(
            `${folder}/mirror-${upstreamName(mirror.upstream).replace(/[^\w.-]/g, "-")}.conf`,
            podmanMirror(mirror.upstream, mirror.endpoint),
        ),
    );
    return {
        changes: [...certs(facts, "/etc/containers/certs.d"), ...insecure, ...mirrors],
        after: [],
        afterRemoval: [],
    };
}

/** Docker of one user without root: its certs.d lies beside its daemon.json (docs.docker.com/engine/security/rootless). */
function rootless(facts: PlanFacts): Plan {
    const folder = "~/.config/docker";
    const lists = daemonLists(`${folder}/daemon.json`, facts);
    // Not reload: rootlesskit, to which systemd sends the signal, would end.
    const restart = lists.length > 0 ? [manual("systemctl", "--user", "restart", "docker")] : [];
    return {
        changes: [...certs(facts, `${folder}/certs.d`), ...lists],
        after: restart,
        afterRemoval: restart,
    };
}

/** buildkitd (moby/buildkit docs/buildkitd.toml.md); buildx copies the named CAs into its builder's container. */
function buildkit(facts: PlanFacts): Plan {
    const file = "/etc/buildkit/buildkitd.toml";
    const folder = "/etc/buildkit/certs";
    const block = (text: string | undefined): Change[] =>
        text === undefined ? [] : [{ kind: "block", path: file, block: text }];
    const own = addresses(facts).flatMap((at) =>
        block(
            buildkitRegistry(at, {
                ca: facts.caPem === "" ? undefined : `${folder}/${at}/ca.crt`,
                plain: !facts.tls,
            }),
        ),
    );
    const mirrors = (facts.mirrors ?? []).flatMap(({ endpoint, upstream }) =>
        block(buildkitRegistry(upstreamName(upstream), { mirror: new URL(endpoint).host })),
    );
    const changes = [...certs(facts, folder), ...own, ...mirrors];
    const builder = ["docker", "buildx", "create", "--use", "--name", "private-registry"];
    return {
        changes,
        after:
            own.length + mirrors.length === 0
                ? []
                : [
                      manual("systemctl", "restart", "buildkit"),
                      manual(...builder, "--driver", "docker-container", "--config", file),
                  ],
        afterRemoval: [
            manual("systemctl", "restart", "buildkit"),
            manual("docker", "buildx", "rm", "private-registry"),
        ],
    };
}

/** Helm takes the CA with each command (helm.sh/docs/helm/helm_registry_login). */
function helm(facts: PlanFacts): Plan {
    const folder = "~/.config/helm/certs";
    const trust = facts.tls
        ? facts.caPem === ""
            ? []
            : ["--ca-file", `${folder}/${facts.address}/ca.crt`]
        : ["--plain-http"];
    const { address, caPem } = facts;
    return {
        changes: caPem === "" ? [] : [file(`${folder}/${address}/ca.crt`, caPem)],
        after: [
            manual("helm", "registry", "login", address, ...trust),
            manual("helm", "push", "CHART-1.0.0.tgz", `oci://${address}/charts`, ...trust),
            manual("helm", "pull", `oci://${address}/charts/CHART`, ...trust),
        ],
        afterRemoval: [manual("helm", "registry", "logout", address)],
    };
}

/** registries.yaml (docs.k3s.io/installation/private-registry), the same for RKE2. Logins are left to imagePullSecrets. */
function rancher(kind: "k3s" | "rke2", facts: PlanFacts): Plan {
    const path = `/etc/rancher/${kind}/registries.yaml`;
    const folder = `/etc/rancher/${kind}/certs.d`;
    const yaml = (value: string | string[], ...at: string[]): Change => ({ kind: "yaml", path, at, value });
    const url = `http${facts.tls ? "s" : ""}://${facts.address}`;
    const mirrors = (facts.mirrors ?? []).map(({ endpoint, upstream }) =>
        yaml([new URL(endpoint).origin], "mirrors", upstreamName(upstream), "endpoint"),
    );
    const trust =
        facts.caPem === ""
            ? []
            : addresses(facts).map((at) => yaml(`${folder}/${at}/ca.crt`, "configs", at, "tls", "ca_file"));
    const services = kind === "k3s" ? ["k3s", "k3s-agent"] : ["rke2-server", "rke2-agent"];
    const restart = [manual("systemctl", "try-restart", ...services)];
    return {
        changes: [
            ...certs(facts, folder),
            yaml([url], "mirrors", facts.address, "endpoint"),
            ...mirrors,
            ...trust,
        ],
        after: restart,
        afterRemoval: restart,
    };
}

function system(facts: PlanFacts, os: System, store: Store): Plan {
    if (facts.caPem === "") return { changes: [], after: [], afterRemoval: [] };
    const all = certificatesIn(facts.caPem);
    // Each in a file of its own: of several in one, these stores and OpenSSL's folder of hashes take one, or none.
    const files = (folder: string) =>
        all.map((pem, i) => {
            const name = `${domainOf(facts.address)}${i === 0 ? "" : `-${i + 1}`}.crt`;
            return { path: `${folder}${name}`, pem };
        });
    if (os === "linux") {
        const { folder, update } = ANCHORS[store];
        // Without --fresh a certificate that is gone leaves a dead link, and one that changed the link of its former name.
        const again = [automatic(...(update === "update-ca-certificates" ? [update, "--fresh"] : [update]))];
        return {
            changes: files(`${folder}/`).map(({ path, pem }) => file(path, pem)),
            after: [automatic(update)],
            afterRemoval: again,
            afterChange: () => again,
        };
    }
    const chain = "/Library/Keychains/System.keychain";
    const [trust, distrust, folder] =
        os === "macos"
            ? ([
                  (path: string) => [
                      "security",
                      "add-trusted-cert",
                      "-d",
                      "-r",
                      "trustRoot",
                      "-k",
                      chain,
                      path,
                  ],
                  (sha1: string) => ["security", "delete-certificate", "-Z", sha1, "-t", chain],
                  "/usr/local/share/private-registry/",
              ] as const)
            : ([
                  (path: string) => ["certutil", "-addstore", "-f", "Root", path],
                  (sha1: string) => ["certutil", "-delstore", "Root", sha1],
                  "C:\\ProgramData\\private-registry\\",
              ] as const);
    const own = files(folder);
    const after = own.map(({ path }) => automatic(...trust(path)));
    const gone = (pems: readonly string[]) => pems.map((pem) => automatic(...distrust(thumbprint(pem))));
    return {
        changes: own.map(({ path, pem }) => file(path, pem)),
        after,
        afterRemoval: gone(all),
        // Their stores keep what the files had.
        afterChange: (former) => [
            ...after,
            ...gone(former.flatMap(certificatesIn).filter((pem) => !all.includes(pem))),
        ],
    };
}

function desktop(facts: PlanFacts, os: System, store: Store): Plan {
    const trust = system(facts, os, store);
    const restart = manual("docker", "desktop", "restart");
    return {
        changes: [...trust.changes, ...daemonLists(DESKTOP_JSON, facts)],
        after: [...trust.after, restart],
        ...(trust.afterChange && {
            afterChange: (former) => [...(trust.afterChange?.(former) ?? []), restart],
        }),
        afterRemoval: [...trust.afterRemoval, restart],
    };
}

/** @param options upstart: Docker is started by upstart or sysvinit, which read /etc/default/docker */
export function clientPlan(
    client: Client,
    os: System,
    facts: PlanFacts,
    options: { store?: Store; upstart?: boolean } = {},
): Plan {
    const { store = "debian", upstart = false } = options;
    const plan = ((): Plan => {
        switch (client) {
            case "docker":
                return docker(facts, upstart);
            case "containerd":
                return containerd(facts);
            case "podman":
                return podman(facts);
            case "system":
                return system(facts, os, store);
            case "docker-desktop":
                return desktop(facts, os, store);
            case "docker-rootless":
                return rootless(facts);
            case "buildkit":
                return buildkit(facts);
            case "helm":
                return helm(facts);
            case "k3s":
            case "rke2":
                return rancher(client, facts);
        }
    })();
    const { hostAddress } = facts;
    if (hostAddress === undefined) return plan;
    // A front shows mirrors under names of their own.
    const names = new Set(addresses(facts).map(domainOf).filter(needsName));
    const hosts = [...names].map((name): Change => ({
        kind: "host",
        path: HOSTS[os],
        address: hostAddress,
        name,
    }));
    return { ...plan, changes: [...plan.changes, ...hosts] };
}
