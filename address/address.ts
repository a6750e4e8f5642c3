/** How a registry is written. Pure. */
import { isIP, isIPv6 } from "node:net";

import { shellWord } from "../text/shell";

/**
 * The registry as image names have it: without port 443, which is their default. But a first part that has no dot,
 * port or capital is read as a user of Docker Hub (distribution/reference, splitDockerDomain).
 */
export function registryAddress(domain: string, port: number, tls: boolean): string {
    const host = domain.includes(":") ? `[${domain}]` : domain;
    const isHost = host === "localhost" || /[.:A-Z]/.test(host);
    return tls && port === 443 && isHost ? host : `${host}:${port}`;
}

/** The registry's URL, `https://docker.example.com:8443`. */
export const registryEndpoint = (domain: string, port: number, tls: boolean): string =>
    `${tls ? "https" : "http"}://${registryAddress(domain, port, tls)}`;

/** The host and port that a URL stands for: without brackets, and the scheme's own port where it names none. */
export function hostAndPort(url: string | URL): { host: string; port: number } {
    const { hostname, port, protocol } = new URL(url);
    return {
        host: hostname.replace(/^\[|\]$/g, ""),
        port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    };
}

/** The registry at an endpoint as image names have it. */
export function addressAt(endpoint: string): string {
    const { host, port } = hostAndPort(endpoint);
    return registryAddress(host, port, endpoint.startsWith("https:"));
}

/** The name or IP address in an address. */
export function domainOf(address: string): string {
    return address.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

/** Names that lead to the machine that asks, whatever DNS or a hosts file says (RFC 6761, 6.3). */
export const isLocalhost = (domain: string): boolean => /(^|\.)localhost$/i.test(domain);

/** Whether clients have to find a host by its name: an address needs none, and localhost is every machine's own. */
export const needsName = (host: string): boolean => isIP(host) === 0 && !isLocalhost(host);

/** A path or word as a POSIX shell reads it; a `~/` at its start stays the home folder. */
export const pathWord = (word: string): string =>
    word.startsWith("~/") ? `~/${shellWord(word.slice(2))}` : shellWord(word);

/** Of the many ways to write an IPv6 address the one of RFC 5952, which every URL and so every client has. */
export const canonicalAddress = (ip: string): string =>
    isIPv6(ip) && !ip.includes("%") ? new URL(`http://[${ip}]`).hostname.slice(1, -1) : ip;

/** A port of an address on which a program listens. */
export interface Listener {
    ip: string;
    port: number;
}

/** Whether an address stands for every one of the host. */
export const isAny = (ip: string): boolean => ip === "0.0.0.0" || ip === "::" || ip === "";

/** Whether two programs cannot have both. */
export function collide(a: Listener, b: Listener): boolean {
    const [one, other] = [canonicalAddress(a.ip), canonicalAddress(b.ip)];
    return a.port === b.port && (isAny(one) || isAny(other) || one === other);
}

/** The login of a user, for a POSIX shell. @param why there is nobody who could log in */
export function loginCommand(address: string, user: string | undefined, why: string): string {
    return user === undefined ? `# no login: ${why}` : `docker login -u ${shellWord(user)} ${address}`;
}
