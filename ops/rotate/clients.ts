/** Which clients there are, and which of them have followed a new CA, as the front's access log tells it. Pure. */
import { KIT_AGENT } from "../shared/registry-api";

/** A program of a machine: those of one machine have CAs of their own. */
export interface SeenClient {
    /** Address. */
    client: string;
    /** `docker` of `docker/27.1.1 go/…`. */
    agent: string;
    /** Seconds since 1970 of its last request. */
    last: number;
    /** It asked under a certificate of the new CA: so it trusts that. */
    followed: boolean;
}

export interface Seen {
    /** Seconds since 1970 at which the log begins; nothing where it tells of nobody. */
    since: number | undefined;
    /** The ones who have not followed first. */
    clients: SeenClient[];
    /** Addresses that fetched an installer since the new CA is in it. */
    installed: number;
}

interface Line {
    time: string;
    client: string;
    path: string;
    status: number;
    agent: string;
    /** Who signed the certificate of the connection: the start of the CA's SHA-256. */
    ca?: string;
}

const INSTALLER = /^\/client\.(sh|ps1)$/;

function lineOf(text: string): (Line & { at: number }) | undefined {
    if (!text.startsWith("{")) return undefined;
    try {
        const line = JSON.parse(text) as Line;
        const at = Date.parse(line.time) / 1000;
        return Number.isNaN(at) ? undefined : { ...line, at };
    } catch {
        // Cut where the log was rotated.
        return undefined;
    }
}

/**
 * @param ca start of the SHA-256 of the new CA, as the log has it
 * @param made seconds since 1970 as of which installers have the new CA
 */
export function clientsIn(log: string, ca: string | undefined, made = Infinity): Seen {
    const clients = new Map<string, SeenClient>();
    const installed = new Set<string>();
    let since: number | undefined;
    for (const text of log.split("\n")) {
        const line = lineOf(text);
        // Plain HTTP at the port of TLS, or nothing at all, is answered 400: no certificate was looked at.
        if (line === undefined || line.status === 400 || line.agent === KIT_AGENT) continue;
        since = Math.min(since ?? line.at, line.at);
        // What fetches an installer trusts nobody yet: its line says so to curl.
        if (INSTALLER.test(line.path)) {
            if (line.status === 200 && line.at >= made) installed.add(line.client);
            continue;
        }
        const agent = /^[^\s/(]+/.exec(line.agent)?.[0] ?? "?";
        const key = `${line.client} ${agent}`;
        const known = clients.get(key);
        clients.set(key, {
            client: line.client,
            agent,
            last: Math.max(known?.last ?? 0, line.at),
            followed: (known?.followed ?? false) || (ca !== undefined && line.ca === ca),
        });
    }
    const all = [...clients.values()].sort(
        (a, b) => Number(a.followed) - Number(b.followed) || b.last - a.last,
    );
    return { since, clients: all, installed: installed.size };
}
