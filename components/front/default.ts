/** Whether there is a front where nothing is said of it, and its image. Pure. */
import { isIP } from "node:net";

/** The image of a front for which none is named. */
export const FRONT_IMAGE = "nginx:1.28";

/** What decides whether there is a front where neither the configuration nor a program says so. */
export interface FrontGrounds {
    tls?: string | undefined;
    auth?: boolean | undefined;
    target?: string | undefined;
    domain?: string | undefined;
    nexus?: { enabled: boolean; domain?: string | undefined } | undefined;
    users?: Readonly<Record<string, unknown>> | undefined;
    registryConfig?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * nginx wherever it can stand before the registry. It brings TLS and checks the users; a name for Nexus takes a
 * certificate of the kit's CA and a domain to make it of; a user's name that ends with a space is lost in a header; and what registryConfig sets of the registry's own TLS, such as
 * client certificates, would be without effect behind it.
 */
export function defaultFront({
    tls,
    auth,
    target,
    domain = "",
    nexus,
    users,
    registryConfig,
}: FrontGrounds): "nginx" | "none" {
    const http = registryConfig?.http;
    const ownTls = typeof http === "object" && http !== null && "tls" in http;
    const namelessNexus =
        nexus?.enabled === true && (tls === "files" || (nexus.domain === undefined && isIP(domain) !== 0));
    const spaced = Object.keys(users ?? {}).some((name) => name !== name.trim());
    return tls === "off" || auth === false || target === "systemd" || ownTls || spaced || namelessNexus
        ? "none"
        : "nginx";
}
