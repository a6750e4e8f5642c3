/** Rules for the mirrors: each by itself, among each other, and beside the registry. */
import { hostAndPort, mirrorNameProblem, upstreamProblem } from "../components/mirror/upstream";

import { type Mistake, mistake, removeCommand, setCommand, show } from "./mistakes";
import { isPem, readPem } from "./pem";
import type { Schema } from "./schema";

type Config = { [K in keyof Schema]?: Schema[K] | undefined };
type MirrorSchema = Schema["mirrors"][string];

/** What listens on the Docker host. */
interface Listener {
    what: string;
    port: number;
    bindAddress: string;
}

const EVERY_ADDRESS = ["0.0.0.0", "::"];
const collide = (a: Listener, b: Listener): boolean =>
    a.port === b.port &&
    (a.bindAddress === b.bindAddress ||
        [a, b].some(({ bindAddress }) => EVERY_ADDRESS.includes(bindAddress)));

/** The first port from one on that nothing of the stack listens on. */
function freePort(from: number, taken: readonly Listener[]): number {
    let port = from;
    while (taken.some((one) => one.port === port)) port += 1;
    return port;
}

function listeners(config: Config): { registry: Listener; mirrors: Map<string, Listener> } {
    const bindAddress = config.bindAddress ?? "0.0.0.0";
    const port = config.port ?? (config.tls === "off" ? 5000 : 443);
    return {
        registry: { what: "the registry", port, bindAddress },
        mirrors: new Map(
            Object.entries(config.mirrors ?? {}).flatMap(([name, mirror]) =>
                mirror.port === undefined
                    ? []
                    : [
                          [
                              name,
                              {
                                  what: `the mirror ${name}`,
                                  port: mirror.port,
                                  bindAddress: mirror.bindAddress ?? bindAddress,
                              },
                          ] as const,
                      ],
            ),
        ),
    };
}

function login(name: string, { username, password }: MirrorSchema): Mistake[] {
    if ((username === undefined) === (password === undefined)) return [];
    const [missing, there] = username === undefined ? ["username", "password"] : ["password", "username"];
    const fix = setCommand(["mirrors", name, missing], {
        example: missing === "password" ? "'the password'" : "robot",
        secret: missing === "password",
    });
    return [mistake(["mirrors", name, missing], `is not set, and mirrors.${name}.${there} is`, fix)];
}

function authority(name: string, { ca, upstream }: MirrorSchema): Mistake[] {
    if (ca === undefined) return [];
    const path = ["mirrors", name, "ca"];
    if (upstream.startsWith("http:")) {
        const problem = `is set, and the upstream ${show(upstream)} is plain HTTP, which shows no certificate`;
        return [mistake(path, problem, removeCommand(path))];
    }
    try {
        if (isPem(readPem(ca))) return [];
        return [mistake(path, "names a file that holds no PEM certificate", removeCommand(path))];
    } catch (error) {
        const problem = `names a file that cannot be read: ${(error as Error).message}`;
        return [mistake(path, problem, removeCommand(path))];
    }
}

function upstream(name: string, { upstream }: MirrorSchema): Mistake[] {
    const wrong = upstreamProblem(upstream);
    if (wrong === undefined) return [];
    const path = ["mirrors", name, "upstream"];
    // A login in it is no text for the screen.
    const shown = upstream.includes("@") ? "a URL that" : `${show(upstream)}, which`;
    const problem = `is ${shown} ${wrong.problem}`;
    return [mistake(path, problem, setCommand(path, { example: wrong.instead }))];
}

/** A mirror of the stack's own registry or of a mirror beside it. */
function ofItself(name: string, { upstream }: MirrorSchema, config: Config): Mistake | undefined {
    if (upstreamProblem(upstream) !== undefined) return undefined;
    const { host, port } = hostAndPort(upstream);
    const own = [config.domain, ...(config.dnsNames ?? []), ...(config.ipAddresses ?? [])];
    if (!own.some((one) => one?.toLowerCase() === host.toLowerCase())) return undefined;
    const { registry, mirrors } = listeners(config);
    const target = [registry, ...mirrors.values()].find((one) => one.port === port);
    if (target === undefined) return undefined;
    const problem = `is ${show(upstream)}, which is ${target.what} of this stack itself; a mirror caches another registry`;
    return mistake(["mirrors", name, "upstream"], problem, removeCommand(["mirrors", name]));
}

/** Where a cache or the registry's images lie, where the configuration says so. */
const place = ({ volume, path }: { volume?: string | undefined; path?: string | undefined }) =>
    path ?? volume;

function storage(name: string, mirror: MirrorSchema, others: [string, string | undefined][]): Mistake[] {
    const { volume, path } = mirror;
    if (volume !== undefined && path !== undefined) {
        const problem = `has both volume "${volume}" and path "${path}"; one of them holds the cache`;
        return [mistake(["mirrors", name], problem, removeCommand(["mirrors", name, "path"]))];
    }
    const own = place(mirror);
    const shared = own === undefined ? undefined : others.find(([, where]) => where === own);
    if (shared === undefined) return [];
    const at = ["mirrors", name, path === undefined ? "volume" : "path"];
    const problem = `is ${show(own)}, where ${shared[0]} keeps its images; a cache removes what is over its time`;
    return [mistake(at, problem, removeCommand(at))];
}

/** A mirror without a port needs a front, and a name there that nothing else has. */
function published(name: string, { port, domain }: MirrorSchema, config: Config): Mistake[] {
    const portPath = ["mirrors", name, "port"];
    const domainPath = ["mirrors", name, "domain"];
    if (port !== undefined) {
        if (domain === undefined) return [];
        const problem = `is ${show(domain)}, and the mirror has port ${port}: with a port it is reached under the registry's name`;
        return [mistake(domainPath, problem, removeCommand(portPath))];
    }
    const fix = setCommand(portPath, { example: "5443" });
    if (config.front === "none")
        return [mistake(portPath, "is not set; without front: nginx nothing else publishes the mirror", fix)];
    if (config.tls === "files" && config.front === "nginx")
        return [
            mistake(portPath, "is not set; with tls: files there is no CA to sign a name of its own", fix),
        ];
    const site = domain ?? (config.domain === undefined ? undefined : `${name}.${config.domain}`);
    if (site === undefined || (site !== config.domain && !Object.hasOwn(config.sites ?? {}, site))) return [];
    const problem = `gives the mirror the name ${site}, which the front serves already`;
    return [mistake(domainPath, problem, setCommand(domainPath, { example: `mirror-${site}` }))];
}

/** Every mistake in the mirrors of a configuration. */
export function mirrorRules(config: Config): Mistake[] {
    const { registry, mirrors } = listeners(config);
    const entries = Object.entries(config.mirrors ?? {});
    const listening: Listener[] = [registry];
    const places: [string, string | undefined][] = [["the registry", place(config.storage ?? {})]];
    return entries.flatMap(([name, mirror]) => {
        const wrongName = mirrorNameProblem(name);
        if (wrongName !== undefined)
            return [mistake(["mirrors", name], wrongName, removeCommand(["mirrors", name]))];
        // Its fix removes the mirror, so what else is wrong with it does not matter.
        const itself = ofItself(name, mirror, config);
        if (itself !== undefined) return [itself];
        const found = [
            ...upstream(name, mirror),
            ...login(name, mirror),
            ...authority(name, mirror),
            ...storage(name, mirror, places),
            ...published(name, mirror, config),
        ];
        const listener = mirrors.get(name);
        const taken = listener && listening.find((other) => collide(listener, other));
        if (listener && taken) {
            const path = ["mirrors", name, "port"];
            const free = freePort(listener.port + 1, [registry, ...mirrors.values()]);
            const problem = `is ${listener.port}, on which ${taken.what} listens already`;
            found.push(mistake(path, problem, setCommand(path, { example: String(free) })));
        }
        if (listener) listening.push(listener);
        places.push([`the mirror ${name}`, place(mirror)]);
        return found;
    });
}
