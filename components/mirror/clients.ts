/** The clients' files that make them use a mirror. Pure: plain data in, the file's text out. */
import { containerdHosts, podmanMirror } from "../../clients/toml";

import { isDockerHub, upstreamName } from "../../address/upstream";

export interface MirrorFacts {
    /** `https://mirror.example.com:5443`, as clients reach it. */
    endpoint: string;
    /** The registry that is mirrored, `https://registry-1.docker.io`. */
    upstream: string;
    /** Clients have to be given a CA to trust the mirror. */
    ownCa: boolean;
}

/** The mirror's host and port. */
const address = ({ endpoint }: MirrorFacts): string => new URL(endpoint).host;
const plainHttp = ({ endpoint }: MirrorFacts): boolean => endpoint.startsWith("http:");

/**
 * Keys for /etc/docker/daemon.json (docs.docker.com/docker-hub/image-library/mirror).
 *
 * Docker asks a mirror for images of Docker Hub alone. Those of another upstream are pulled by the mirror's own
 * address, for which Docker wants `insecure-registries` where it has no TLS.
 *
 * @returns "" where Docker needs nothing
 */
export function dockerDaemonJson(facts: MirrorFacts): string {
    const keys = {
        ...(isDockerHub(facts.upstream) ? { "registry-mirrors": [facts.endpoint] } : {}),
        ...(plainHttp(facts) ? { "insecure-registries": [address(facts)] } : {}),
    };
    return Object.keys(keys).length === 0 ? "" : `${JSON.stringify(keys, null, 2)}\n`;
}

/**
 * /etc/containerd/certs.d/UPSTREAM/hosts.toml (containerd docs/hosts.md); its first line tells where it goes. A mirror
 * that does not answer is passed over.
 */
export function containerdHostsToml(facts: MirrorFacts): string {
    const folder = `/etc/containerd/certs.d/${upstreamName(facts.upstream)}`;
    const ca = facts.ownCa ? `${folder}/ca.crt` : undefined;
    return `# ${folder}/hosts.toml\n${containerdHosts(facts.endpoint, ca, facts.upstream)}`;
}

/**
 * A file for /etc/containers/registries.conf.d (containers-registries.conf(5)), for Podman, skopeo, Buildah and CRI-O.
 * A CA goes to /etc/containers/certs.d/MIRROR/ca.crt.
 */
export const registriesConf = ({ upstream, endpoint }: MirrorFacts): string =>
    podmanMirror(upstream, endpoint);
