/** What a mirror can and cannot mirror. Pure. */

/** Names under which people know Docker Hub, and which are not its registry. */
const DOCKER_HUB_NAMES = ["docker.io", "www.docker.com", "hub.docker.com", "index.docker.io"];
const DOCKER_HUB = "https://registry-1.docker.io";

/** Hosts that are, seen from a container, the container itself. */
const OWN_HOST = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0|\[::\])$/;

/** What is wrong with an upstream, and a URL that would be right. */
export interface UpstreamProblem {
    problem: string;
    instead: string;
}

/** Why a URL cannot be the upstream of a mirror; nothing where it can. */
export function upstreamProblem(upstream: string): UpstreamProblem | undefined {
    const found = problemOf(upstream);
    // What is proposed is right itself: `docker.io` is no URL, and https://docker.io is not Docker Hub's registry.
    return found && { ...found, instead: problemOf(found.instead)?.instead ?? found.instead };
}

function problemOf(upstream: string): UpstreamProblem | undefined {
    let url: URL;
    try {
        url = new URL(upstream);
    } catch {
        const bare = /^[\w.-]+(:\d+)?$/.test(upstream);
        return { problem: "is not a URL", instead: bare ? `https://${upstream}` : DOCKER_HUB };
    }
    if (!/^https?:$/.test(url.protocol)) {
        return {
            problem: "must begin with http:// or https://",
            // `quay.io:443` reads as a URL of the scheme quay.io.
            instead: url.host === "" ? DOCKER_HUB : `https://${url.host}`,
        };
    }
    if (DOCKER_HUB_NAMES.includes(url.hostname)) {
        return { problem: "is not Docker Hub's registry", instead: DOCKER_HUB };
    }
    if (OWN_HOST.test(url.hostname)) {
        const problem = `is the mirror's own container, seen from there: use the name or address that the machine has for others`;
        return { problem, instead: `${url.protocol}//192.0.2.10${url.port && `:${url.port}`}` };
    }
    if (url.username !== "" || url.password !== "") {
        return {
            problem: "has a login in it; a login belongs into username and password",
            instead: url.origin,
        };
    }
    if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
        return {
            problem:
                "has more than a host and a port; a mirror caches a whole registry, and images keep their path",
            instead: url.origin,
        };
    }
    return undefined;
}

/** The upstream as the registry wants it: scheme, host and port. */
export const upstreamOrigin = (upstream: string): string => new URL(upstream).origin;

export const isDockerHub = (upstream: string): boolean =>
    new URL(upstream).hostname === new URL(DOCKER_HUB).hostname;

/** The upstream as image names begin with it: `docker.io`, `quay.io`, `registry.example.com:5000`. */
export const upstreamName = (upstream: string): string =>
    isDockerHub(upstream) ? "docker.io" : new URL(upstream).host;

/** Why a text cannot be the name of a mirror; nothing where it can. */
export function mirrorNameProblem(name: string): string | undefined {
    return /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$/.test(name) && !name.endsWith("-config")
        ? undefined
        : "has a name that is not 1 to 32 letters, digits and inner hyphens, or that ends in -config: containers and volumes are named after it";
}

/** The name under which a front publishes a mirror. */
export const siteName = (domain: string, mirror: string, settings: { domain?: string | undefined }): string =>
    settings.domain ?? `${mirror.toLowerCase()}.${domain}`;
