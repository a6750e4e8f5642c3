/** Which clients there are, and which of them have followed a new CA, as the front's access log tells it. Pure. */
import type { LogLine } from "../shared/front-log";
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

const INSTALLER = /^\/client\.(sh|ps1)$/;

/** What the lines of the log tell, as they come. */
export class Clients {
    private readonly clients = new Map<string, SeenClient>();
    private readonly installed = new Set<string>();
    private since: number | undefined;

    /**
     * @param ca start of the SHA-256 of the new CA, as the log has it
     * @param made seconds since 1970 as of which installers have the new CA
     */
    constructor(
        private readonly ca: string | undefined,
        private readonly made = Infinity,
    ) {}

    take({ at, client, path, status, agent: whole, ca }: LogLine): void {
        // Plain HTTP at the port of TLS, or nothing at all, is answered 400: no certificate was looked at, or none of a CA of ours.
        if (status === 400 || ca === "" || whole === KIT_AGENT) return;
        this.since = Math.min(this.since ?? at, at);
        // What fetches an installer trusts nobody yet: its line says so to curl.
        if (INSTALLER.test(path)) {
            if (status === 200 && at >= this.made) this.installed.add(client);
            return;
        }
        const agent = /^[^\s/(]+/.exec(whole)?.[0] ?? "?";
        const key = `${client} ${agent}`;
        const known = this.clients.get(key);
        this.clients.set(key, {
            client,
            agent,
            last: Math.max(known?.last ?? 0, at),
            followed: (known?.followed ?? false) || (this.ca !== undefined && ca === this.ca),
        });
    }

    seen(): Seen {
        const clients = [...this.clients.values()].sort(
            (a, b) => Number(a.followed) - Number(b.followed) || b.last - a.last,
        );
        return { since: this.since, clients, installed: this.installed.size };
    }
}
