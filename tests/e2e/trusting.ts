/** Clients that know a CA or two, under a rotation. */
import https from "node:https";

import { DOMAIN, PASSWORD } from "./stack";

/** A client that trusts some CAs, and makes a new connection for each of its steady requests. */
export class Trusting {
    /** Time of each request's begin, and what was wrong. */
    readonly requests: { at: number; problem: string | undefined }[] = [];
    private readonly pending = new Set<Promise<void>>();
    private readonly timer: NodeJS.Timeout;

    constructor(
        private readonly port: number,
        public ca: string,
        private readonly path: string,
        private readonly agent: string,
        perSecond = 8,
        private readonly name = DOMAIN,
    ) {
        this.timer = setInterval(() => {
            const one = this.ask();
            this.pending.add(one);
            void one.finally(() => this.pending.delete(one));
        }, 1000 / perSecond);
    }

    private ask(): Promise<void> {
        const at = Date.now();
        return new Promise((done) => {
            const end = (problem?: string) => {
                this.requests.push({ at, problem });
                done();
            };
            https
                .get(
                    {
                        ...{ host: "127.0.0.1", port: this.port, path: this.path, servername: this.name },
                        ...{ agent: false, ca: this.ca, auth: `admin:${PASSWORD}`, timeout: 30_000 },
                        headers: { Host: this.name, "User-Agent": `${this.agent}/1.0` },
                    },
                    (response) => {
                        response.resume().on("end", () => {
                            end(response.statusCode === 200 ? undefined : `status ${response.statusCode}`);
                        });
                    },
                )
                .on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
        });
    }

    problems(from = 0, to = Infinity): (string | undefined)[] {
        return this.requests.filter(({ at }) => at >= from && at < to).map(({ problem }) => problem);
    }

    async stop(): Promise<void> {
        clearInterval(this.timer);
        await Promise.all(this.pending);
    }
}

/** What Node says of a certificate whose issuer it does not know. */
export const UNKNOWN = /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY)$/;
