/** The options of the pull-through caches. */
import * as z from "zod";

import { hostAndPort, type Listener } from "../../address/address";
import { chosenFront } from "../front/options";
import type { Rule } from "../definition/check";
import { option, plain } from "../definition/option";
import { problem, type Problem, remove, set, show } from "../definition/problem";
import {
    amount,
    CLAIM_SIZE_ALLOWED,
    claimSize,
    clusterObjectName,
    FOLDER_ALLOWED,
    hostFolder,
    hostName,
    ipAddress,
    objectName,
    port,
    PORT_ALLOWED,
    STORAGE_CLASS_ALLOWED,
    text,
    YES_OR_NO,
} from "../definition/values";
import type { Options } from "../options";
import { certificateOption, trustProblems } from "../tls/options";

import { mirrorNameProblem, siteName, upstreamProblem } from "../../address/upstream";

/** How much a cache on a cluster may take where nothing is said. */
export const MIRROR_SIZE = "20Gi";

const mirror = z.strictObject({
    upstream: option(z.string().min(1), {
        description: "The registry that is mirrored; Docker Hub is https://registry-1.docker.io",
        allowed: "an http:// or https:// URL of a registry, without a path",
        example: "https://registry-1.docker.io",
    }),
    username: option(text.pipe(z.string().min(1)).optional(), {
        description: "Login at the upstream. Whoever reaches the mirror can pull what this user can read",
        default: "none",
        allowed: "a user name",
        example: "robot",
    }),
    password: option(text.pipe(z.string().min(1)).optional(), {
        description: "Password or token of that user",
        allowed: "a password or token",
        example: "the password",
        secret: true,
    }),
    ca: certificateOption("CA of the upstream's certificate, where it is no public one", "upstream-ca"),
    ttl: option(text.pipe(z.string().regex(/^(0|\d+[smh])$/)).default("168h"), {
        description: "How long an image is kept after it was fetched; 0 keeps it for ever",
        allowed: "a whole number with s, m or h, or 0",
        example: "168h",
    }),
    port: plain(port.optional(), {
        description: "Port of the Docker host at which the mirror listens",
        default: "the front's, under mirrors.NAME.domain",
        allowed: `${PORT_ALLOWED}, another one than the registry's and each other mirror's`,
        example: 5443,
    }),
    domain: option(hostName.optional(), {
        description: "Name under which the front publishes a mirror without a port",
        default: "NAME.DOMAIN",
        allowed: "a host name",
        example: "mirror.example.com",
    }),
    bindAddress: option(ipAddress.optional(), {
        description: "Address of the Docker host on which the mirror's port opens",
        default: "bindAddress",
        allowed: "an IP address of the Docker host",
        example: "127.0.0.1",
    }),
    blobsFromDisk: plain(z.boolean().default(false), {
        description:
            "The front sends what is cached from the mirror's files itself, which is faster; such a mirror comes and goes with a new container of the front (docs/mirrors.md)",
        allowed: YES_OR_NO,
        example: true,
    }),
    volume: plain(objectName.optional(), {
        description: "Named volume that holds the cache",
        default: "PROJECT-STACK-mirror-NAME-data",
        allowed: "a Docker volume name (letters, digits, _ . -)",
        example: "hub-cache",
    }),
    folder: plain(hostFolder.optional(), {
        description: "Folder of the Docker host that holds the cache, instead of a named volume",
        allowed: FOLDER_ALLOWED,
        example: "/opt/data/hub-cache",
    }),
    size: option(claimSize.optional(), {
        description: "Of target kubernetes: how much the cache may take",
        default: MIRROR_SIZE,
        allowed: CLAIM_SIZE_ALLOWED,
        example: "100Gi",
    }),
    storageClass: plain(clusterObjectName.optional(), {
        description:
            "Of target kubernetes: StorageClass of a PersistentVolumeClaim that holds the cache, so that it outlives its pod",
        default: "none: the cache lies on the disk of its pod's node, and goes with the pod",
        allowed: STORAGE_CLASS_ALLOWED,
        example: "standard",
    }),
    keepData: plain(z.boolean().optional(), {
        description: "The cache's volume or claim outlives the mirror",
        default: "keepData",
        allowed: YES_OR_NO,
        example: false,
    }),
    memoryMb: option(z.int().min(64).default(256), {
        description: "Memory limit of the mirror's container",
        unit: "MiB",
        allowed: "a whole number from 64",
        example: 256,
    }),
    cpus: option(amount.optional(), {
        description: "CPU limit of the mirror's container",
        default: "none",
        allowed: "a number above 0",
        example: 1.5,
    }),
});
type MirrorOptions = z.output<typeof mirror>;

export const mirrorOptions = {
    mirrors: option(z.record(z.string(), mirror).default({}), {
        description: "Pull-through caches: name → upstream and port (docs/mirrors.md)",
        allowed: "an object of names, each with an object of upstream, port and what docs/mirrors.md tells",
        example: { hub: { upstream: "https://registry-1.docker.io" } },
        secret: true,
    }),
};

type Partial = { [K in keyof Options]?: Options[K] | undefined };

/** What of the stack listens on the Docker host. */
export interface Listening extends Listener {
    what: string;
}

/** The registry, and the mirrors that have a port. */
export function listeners({ port, bindAddress = "0.0.0.0", tls, mirrors = {} }: Partial) {
    const registry: Listening = {
        what: "the registry",
        port: port ?? (tls?.off ? 5000 : 443),
        ip: bindAddress,
    };
    const published = Object.entries(mirrors).flatMap(([name, mirror]) =>
        mirror.port === undefined
            ? []
            : [
                  [
                      name,
                      {
                          what: `the mirror ${name}`,
                          port: mirror.port as number,
                          ip: mirror.bindAddress ?? bindAddress,
                      },
                  ] as const,
              ],
    );
    return { registry, mirrors: new Map<string, Listening>(published) };
}

function login(name: string, { username, password }: MirrorOptions): Problem[] {
    if ((username === undefined) === (password === undefined)) return [];
    const [missing, there] = username === undefined ? ["username", "password"] : ["password", "username"];
    const path = ["mirrors", name, missing];
    const secret = missing === "password";
    return [
        problem(
            path,
            `is not set, and mirrors.${name}.${there} is`,
            set(path, secret ? "the password" : "robot", secret),
        ),
    ];
}

function authority(name: string, { ca, upstream }: MirrorOptions): Problem[] {
    if (ca === undefined) return [];
    const path = ["mirrors", name, "ca"];
    if (!upstream.startsWith("http:")) return trustProblems(path, ca, "./upstream-ca.crt");
    const text = `is set, and the upstream ${show(upstream)} is plain HTTP, which shows no certificate`;
    return [problem(path, text, remove(path))];
}

function upstream(name: string, { upstream }: MirrorOptions): Problem[] {
    const wrong = upstreamProblem(upstream);
    if (wrong === undefined) return [];
    const path = ["mirrors", name, "upstream"];
    // A login in it is no text for the screen.
    const shown = upstream.includes("@") ? "a URL that" : `${show(upstream)}, which`;
    return [problem(path, `is ${shown} ${wrong.problem}`, set(path, wrong.instead))];
}

/** The mirrors that the front publishes, by name. */
const atFront = (options: Partial) =>
    Object.entries(chosenFront(options) ? (options.mirrors ?? {}) : {})
        .filter(([, { port }]) => port === undefined)
        .map(([name, settings]) => ({
            what: `the mirror ${name}`,
            name: siteName(options.domain ?? "", name, settings),
        }));

/** A mirror of the stack's own registry or of a mirror beside it. */
function ofItself(name: string, { upstream }: MirrorOptions, options: Partial): Problem | undefined {
    if (upstreamProblem(upstream) !== undefined) return undefined;
    const { host, port } = hostAndPort(upstream);
    const same = (one: string | undefined) => one?.toLowerCase() === host.toLowerCase();
    const own = [options.domain, ...(options.dnsNames ?? []), ...(options.ipAddresses ?? [])];
    const { registry, mirrors } = listeners(options);
    const target = own.some(same)
        ? [registry, ...mirrors.values()].find((one) => one.port === port)
        : atFront(options).find((one) => same(one.name) && port === registry.port);
    if (target === undefined) return undefined;
    const text = `is ${show(upstream)}, which is ${target.what} of this stack itself; a mirror caches another registry`;
    return problem(["mirrors", name, "upstream"], text, remove(["mirrors", name]));
}

/** The mirrors that have a port, but for those that have to go: what else is wrong with them does not matter. */
export const publishedMirrors = (options: Partial): [string, Listening][] =>
    [...listeners(options).mirrors].filter(([name]) => {
        const mirror = options.mirrors?.[name];
        return (
            mirror !== undefined &&
            mirrorNameProblem(name) === undefined &&
            ofItself(name, mirror, options) === undefined
        );
    });

/** Where a cache or the registry's images lie, where the options say so. */
const place = ({ volume, folder }: { volume?: string | undefined; folder?: string | undefined }) =>
    folder ?? volume;

function storage(name: string, mirror: MirrorOptions, others: [string, string | undefined][]): Problem[] {
    const { volume, folder } = mirror;
    if (volume !== undefined && folder !== undefined)
        return [
            problem(
                ["mirrors", name],
                `has both volume "${volume}" and folder "${folder}"; one of them holds the cache`,
                remove(["mirrors", name, "folder"]),
            ),
        ];
    const own = place(mirror);
    const shared = own === undefined ? undefined : others.find(([, where]) => where === own);
    if (shared === undefined) return [];
    const path = ["mirrors", name, folder === undefined ? "volume" : "folder"];
    const text = `is ${show(own)}, where ${shared[0]} keeps its images; a cache removes what is over its time`;
    return [problem(path, text, remove(path))];
}

/** A mirror without a port needs a front; front/names.ts has what is wrong with its name there. */
function published(
    name: string,
    { port, domain, bindAddress, blobsFromDisk }: MirrorOptions,
    options: Partial,
): Problem[] {
    // What else a cluster does not know of a mirror is told by components/kubernetes/rules.ts.
    if (options.target === "kubernetes")
        return options.tls?.files
            ? [
                  problem(
                      ["mirrors", name],
                      "is set, and with tls.files no CA signs a certificate for its name",
                      remove(["mirrors", name]),
                  ),
              ]
            : [];
    const portPath = ["mirrors", name, "port"];
    if (port !== undefined) {
        const byName = `is ${show(domain)}, and the mirror has port ${port}: with a port it is reached under the registry's name`;
        const byFront = `is true, and the mirror has port ${port}: with a port it is reached without the front`;
        const fromDisk = ["mirrors", name, "blobsFromDisk"];
        return [
            ...(domain === undefined ? [] : [problem(["mirrors", name, "domain"], byName, remove(portPath))]),
            ...(blobsFromDisk ? [problem(fromDisk, byFront, remove(fromDisk))] : []),
        ];
    }
    const mend = set(portPath, 5443);
    if (chosenFront(options) === undefined)
        return [problem(portPath, "is not set; without the front nothing else publishes the mirror", mend)];
    if (options.tls?.files)
        return [
            problem(portPath, "is not set; with tls.files there is no CA to sign a name of its own", mend),
        ];
    if (bindAddress === undefined) return [];
    const text = `is ${show(bindAddress)}, and the mirror has no port: the front shows it, on bindAddress`;
    return [problem(["mirrors", name, "bindAddress"], text, mend)];
}

const mirrorRule: Rule<Options> = (options) => {
    const places: [string, string | undefined][] = [["the registry", place(options.storage ?? {})]];
    return Object.entries(options.mirrors ?? {}).flatMap(([name, mirror]) => {
        const path = ["mirrors", name];
        const wrongName = mirrorNameProblem(name);
        if (wrongName !== undefined) return [problem(path, wrongName, remove(path))];
        // Its mend removes the mirror, so what else is wrong with it does not matter.
        const itself = ofItself(name, mirror, options);
        if (itself !== undefined) return [itself];
        const found = [
            ...upstream(name, mirror),
            ...login(name, mirror),
            ...authority(name, mirror),
            ...storage(name, mirror, places),
            ...published(name, mirror, options),
        ];
        places.push([`the mirror ${name}`, place(mirror)]);
        return found;
    });
};

export const mirrorRules: readonly Rule<Options>[] = [mirrorRule];
