/** Rules for the mirrors: each by itself, among each other, and beside the registry. */
import { hostAndPort } from "../components/client/address";
import { mirrorNameProblem, siteName, upstreamProblem } from "../components/mirror/upstream";

import { type Mistake, mistake, removeCommand, setCommand, show } from "./mistakes";
import { trustMistakes } from "./rules-certificates";
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

/** What else than the registry and the mirrors opens a port. */
function others({ nexus, frontSettings, bindAddress }: Config): Listener[] {
    return [
        ...(nexus?.enabled ? [{ what: "Nexus", port: nexus.port, bindAddress: "127.0.0.1" }] : []),
        ...(frontSettings?.redirectHttp
            ? [
                  {
                      what: "the front's redirect",
                      port: frontSettings.httpPort,
                      bindAddress: bindAddress ?? "0.0.0.0",
                  },
              ]
            : []),
    ];
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
    return trustMistakes(path, ca, "./upstream-ca.crt");
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

/** The mirrors that the front publishes, by name. */
const atFront = ({ front, mirrors, domain = "" }: Config) =>
    Object.entries(front === "nginx" ? (mirrors ?? {}) : {})
        .filter(([, { port }]) => port === undefined)
        .map(([name, settings]) => ({ what: `the mirror ${name}`, name: siteName(domain, name, settings) }));

/** A mirror of the stack's own registry or of a mirror beside it. */
function ofItself(name: string, { upstream }: MirrorSchema, config: Config): Mistake | undefined {
    if (upstreamProblem(upstream) !== undefined) return undefined;
    const { host, port } = hostAndPort(upstream);
    const same = (one: string | undefined) => one?.toLowerCase() === host.toLowerCase();
    const own = [config.domain, ...(config.dnsNames ?? []), ...(config.ipAddresses ?? [])];
    const { registry, mirrors } = listeners(config);
    const target = own.some(same)
        ? [registry, ...mirrors.values()].find((one) => one.port === port)
        : atFront(config).find((one) => same(one.name) && port === registry.port);
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

/** A mirror without a port needs a front; rules-names.ts has what is wrong with its name there. */
function published(name: string, { port, domain, bindAddress }: MirrorSchema, config: Config): Mistake[] {
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
    if (bindAddress === undefined) return [];
    const problem = `is ${show(bindAddress)}, and the mirror has no port: the front shows it, on bindAddress`;
    return [mistake(["mirrors", name, "bindAddress"], problem, fix)];
}

/** Every mistake in the mirrors of a configuration. */
export function mirrorRules(config: Config): Mistake[] {
    const { registry, mirrors } = listeners(config);
    const entries = Object.entries(config.mirrors ?? {});
    const listening: Listener[] = [registry, ...others(config)];
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
            const free = freePort(listener.port + 1, [registry, ...others(config), ...mirrors.values()]);
            const problem = `is ${listener.port}, on which ${taken.what} listens already`;
            found.push(mistake(path, problem, setCommand(path, { example: String(free) })));
        }
        if (listener) listening.push(listener);
        places.push([`the mirror ${name}`, place(mirror)]);
        return found;
    });
}
