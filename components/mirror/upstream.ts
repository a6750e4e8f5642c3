/** What a mirror can and cannot mirror. Pure. */

/** Names under which people know Docker Hub, and which are not its registry. */
const DOCKER_HUB_NAMES = ["docker.io", "www.docker.com", "hub.docker.com", "index.docker.io"];
const DOCKER_HUB_REGISTRY = "registry-1.docker.io";

/** Hosts that are, seen from a container, the container itself. */
const OWN_HOST = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0|\[::\])$/;

/** Why a URL cannot be the upstream of a mirror; nothing where it can. */
export function upstreamProblem(upstream: string): string | undefined {
    let url: URL;
    try {
        url = new URL(upstream);
    } catch {
        return "is not a URL";
    }
    if (!/^https?:$/.test(url.protocol)) return "must begin with http:// or https://";
    if (url.username !== "" || url.password !== "") {
        return "has a login in it; a login belongs into username and password";
    }
    if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
        return `has more than a host and a port; a mirror caches a whole registry, and keeps the path in the image's name: use ${url.origin}`;
    }
    if (DOCKER_HUB_NAMES.includes(url.hostname)) {
        return `is not Docker Hub's registry: use https://${DOCKER_HUB_REGISTRY}`;
    }
    if (OWN_HOST.test(url.hostname)) {
        return `is the mirror's own container, seen from there: use the name or address that ${url.hostname} has for other machines`;
    }
    return undefined;
}

/** The upstream as the registry wants it: scheme, host and port. */
export const upstreamOrigin = (upstream: string): string => new URL(upstream).origin;

/** The host and port that an upstream's URL stands for, the scheme's own port included. */
export function hostAndPort(upstream: string): { host: string; port: number } {
    const { hostname, port, protocol } = new URL(upstream);
    return {
        host: hostname.replace(/^\[|\]$/g, ""),
        port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    };
}

export const isDockerHub = (upstream: string): boolean => new URL(upstream).hostname === DOCKER_HUB_REGISTRY;

/** The upstream as image names begin with it: `docker.io`, `quay.io`, `registry.example.com:5000`. */
export const upstreamName = (upstream: string): string =>
    isDockerHub(upstream) ? "docker.io" : new URL(upstream).host;

/** Why a text cannot be the name of a mirror; nothing where it can. */
export function mirrorNameProblem(name: string): string | undefined {
    return /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$/.test(name) && !name.endsWith("-config")
        ? undefined
        : "has a name that is not 1 to 32 letters, digits and inner hyphens, or that ends in -config: containers and volumes are named after it";
}
