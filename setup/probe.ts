import { rmSync, statSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { join } from "node:path";
import type { Machine } from "./machine";
import { makeFolder } from "./start.cjs";

const PROBE_MS = 3_000;
const REMEMBERED_MS = 24 * 3600 * 1000;

/**
 * Whether a site answers at all, within 3 seconds: any HTTP answer counts. With HTTPS_PROXY set it is the proxy that
 * is asked to connect, because the programs that download honour it as well.
 */
export function answers(url: string, env: NodeJS.ProcessEnv, timeoutMs = PROBE_MS): Promise<boolean> {
    return new Promise((resolve) => {
        const proxy = env.HTTPS_PROXY || env.https_proxy;
        const target = new URL(url);
        const request = proxy
            ? http.request(proxy, { method: "CONNECT", path: `${target.hostname}:${target.port || 443}` })
            : (target.protocol === "http:" ? http : https).request(target, { method: "HEAD" });
        const finish = (open: boolean) => {
            clearTimeout(timer);
            request.destroy();
            resolve(open);
        };
        // One timer for name lookup, connection and answer: a socket timeout does not cover the first two.
        const timer = setTimeout(() => finish(false), timeoutMs);
        request.on("response", () => finish(true));
        request.on("connect", (response) => finish(response.statusCode === 200));
        request.on("error", () => finish(false));
        request.end();
    });
}

/** Answers "closed" that hold for a day, so that not every run asks again. `npm run setup -- --recheck` forgets them. */
export class ClosedRoutes {
    private readonly folder: string;

    constructor(machine: Machine) {
        this.folder = join(machine.dirs.cache, "closed");
    }

    has(route: string): boolean {
        const stat = statSync(join(this.folder, route), { throwIfNoEntry: false });
        return stat !== undefined && Date.now() - stat.mtimeMs < REMEMBERED_MS;
    }

    remember(route: string): void {
        makeFolder(this.folder);
        writeFileSync(join(this.folder, route), "");
    }

    forget(): void {
        rmSync(this.folder, { recursive: true, force: true });
    }
}
