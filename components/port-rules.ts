/** What listens on the Docker host: each has a port of its own. */
import { collide } from "../address/address";

import type { Rule } from "./definition/check";
import { type Path, problem, set } from "./definition/problem";
import { chosenFront } from "./front/options";
import { type Listening, listeners, publishedMirrors } from "./mirror/options";
import type { Options } from "./options";

interface Chosen extends Listening {
    /** Option that chooses its port. */
    path: Path;
}

const HTTP = 80;
const HTTPS = 443;
const LAST = 65_535;
/** The first that no service of the system has. */
const FIRST = 1024;

/** In the order in which they get their ports: who comes later moves. */
function all(options: Parameters<Rule<Options>>[0]): Chosen[] {
    const { bindAddress = "0.0.0.0", metrics, nexus } = options;
    const front = chosenFront(options);
    const one = (path: Path, what: string, port: number | undefined, ip: string): Chosen[] =>
        port === undefined ? [] : [{ path, what, port, ip }];
    return [
        { ...listeners(options).registry, path: ["port"] },
        ...one(["front", "httpPort"], "the front's redirect", front?.httpPort, bindAddress),
        ...(metrics === undefined || front === undefined
            ? []
            : one(["metrics", "port"], "the front, for metrics,", metrics.port, metrics.bindAddress)),
        ...one(["nexus", "port"], "Nexus", nexus?.port, "127.0.0.1"),
        ...publishedMirrors(options).map(([name, mirror]) => ({
            ...mirror,
            path: ["mirrors", name, "port"],
        })),
    ];
}

const portRule: Rule<Options> = (options) => {
    const listening = all(options);
    const isFree = (port: number) => listening.every((one) => one.port !== port);
    const freeAfter = (port: number): number => {
        const next = port < LAST ? port + 1 : FIRST;
        return isFree(next) ? next : freeAfter(next);
    };
    return listening.flatMap((one, i) => {
        const taken = listening.slice(0, i).find((other) => collide(one, other));
        if (taken === undefined) return [];
        // Plain HTTP and TLS have ports of their own.
        const mend =
            one.port === HTTP && one.path[0] === "front" && isFree(HTTPS)
                ? set(["port"], HTTPS)
                : set(one.path, one.path[0] === "front" && isFree(HTTP) ? HTTP : freeAfter(one.port));
        return [problem(one.path, `is ${one.port}, on which ${taken.what} listens already`, mend)];
    });
};

export const portRules: readonly Rule<Options>[] = [portRule];
