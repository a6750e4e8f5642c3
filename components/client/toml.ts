/** The TOML files that containerd and Podman read. Pure. */

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
    return [
        `server = ${text(server ?? url)}`,
        "",
        `[host.${text(url)}]`,
        `  capabilities = [${capabilities.map(text).join(", ")}]`,
        ...(ca === undefined ? [] : [`  ca = ${text(ca)}`]),
        "",
    ].join("\n");
}

/** A registry without TLS, for registries.conf.d (containers-registries.conf(5)). */
export function podmanInsecure(address: string): string {
    return `[[registry]]\nlocation = ${text(address)}\ninsecure = true\n`;
}

/** A mirror of a registry, for registries.conf.d. */
export function podmanMirror(registry: string, endpoint: string): string {
    const { host, protocol } = new URL(endpoint);
    const mirror = [`[[registry.mirror]]`, `location = ${text(host)}`];
    if (protocol === "http:") mirror.push("insecure = true");
    return [`[[registry]]`, `location = ${text(registry)}`, "", ...mirror, ""].join("\n");
}
