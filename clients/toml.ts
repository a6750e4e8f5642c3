/** The TOML files that containerd and Podman read. Pure. */
import { upstreamName } from "../address/upstream";

// A TOML basic string takes JSON's escapes.
const text = (value: string) => JSON.stringify(value);

/**
 * hosts.toml of containerd (containerd docs/hosts.md).
 *
 * @param url where the registry is reached
 * @param ca file with its CA. @default the system's CAs
 * @param server the registry that is meant, where `url` is a mirror of it. @default url
 */
export function containerdHosts(url: string, ca?: string, server?: string): string {
    const capabilities = server === undefined ? ["pull", "resolve", "push"] : ["pull", "resolve"];
    const trust = ca === undefined ? [] : [`ca = ${text(ca)}`];
    return [
        `server = ${text(server ?? url)}`,
        // Asked once more by itself, after its host: without the CA, its complaint would hide the one before.
        ...(server === undefined ? trust : []),
        "",
        `[host.${text(url)}]`,
        `  capabilities = [${capabilities.map(text).join(", ")}]`,
        ...trust.map((line) => `  ${line}`),
        "",
    ].join("\n");
}

/** A registry without TLS, for registries.conf.d (containers-registries.conf(5)). */
export function podmanInsecure(address: string): string {
    return `[[registry]]\nlocation = ${text(address)}\ninsecure = true\n`;
}

/**
 * A mirror of a registry, for registries.conf.d.
 *
 * @param upstream URL of the registry
 * @param endpoint URL of the mirror
 */
export function podmanMirror(upstream: string, endpoint: string): string {
    const insecure = (url: string) => (url.startsWith("http:") ? ["insecure = true"] : []);
    const name = text(upstreamName(upstream));
    return [
        "[[registry]]",
        `prefix = ${name}`,
        `location = ${name}`,
        ...insecure(upstream),
        "",
        "[[registry.mirror]]",
        `location = ${text(new URL(endpoint).host)}`,
        ...insecure(endpoint),
        "",
    ].join("\n");
}

/**
 * The table of a registry in buildkitd.toml; nothing where BuildKit needs to be told nothing.
 *
 * @param at the registry as image names begin with it
 */
export function buildkitRegistry(
    at: string,
    { ca, plain = false, mirror }: { ca?: string | undefined; plain?: boolean; mirror?: string },
): string | undefined {
    const lines = [
        ...(mirror === undefined ? [] : [`mirrors = [${text(mirror)}]`]),
        ...(ca === undefined ? [] : [`ca = [${text(ca)}]`]),
        ...(plain ? ["http = true"] : []),
    ];
    if (lines.length === 0) return undefined;
    return [`[registry.${text(at)}]`, ...lines.map((line) => `  ${line}`), ""].join("\n");
}
