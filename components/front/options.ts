/** The options of the nginx front. */
import { isIP } from "node:net";

import * as z from "zod";

import { overlapOf } from "../auth/users";
import type { Rule } from "../definition/check";
import type { Settled } from "../definition/inputs";
import { option, plain, switchable } from "../definition/option";
import { repositoryPattern, tagPattern } from "../definition/patterns";
import { formatPath, problem, type Problem, remove, set, show, type Step } from "../definition/problem";
import {
    FOLDER_ALLOWED,
    hostFolder,
    hostKey,
    IMAGE_ALLOWED,
    imageName,
    network,
    port,
    PORT_ALLOWED,
    YES_OR_NO,
} from "../definition/values";
import type { Options } from "../options";
import { inspectSite } from "../tls/inspect";
import { certificateOption, halfProblems, pairProblems, privateKeyOption } from "../tls/options";
import { DEFAULT_FRONT_IMAGE } from "../../address/default-images";

import { logOption } from "./log-options";

const site = z.strictObject({
    upstream: option(
        z
            .string()
            .regex(/^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/)
            .optional(),
        {
            description: "Server to which the site's requests are passed on, as the front reaches it",
            allowed: "an http:// or https:// URL of a host and port alone",
            example: "http://192.0.2.10:8080",
        },
    ),
    folder: option(
        z
            .string()
            .regex(/^\w[\w.-]*(\/\w[\w.-]*)*$/)
            .optional(),
        {
            description: "Folder below front.sitesFolder whose files the site serves",
            allowed: "a relative path of letters, digits, _ . - and /",
            example: "docs",
        },
    ),
    cert: certificateOption(
        "Certificate of the site with its chain, where the registry's CA is not to sign one",
        "docs",
    ),
    key: privateKeyOption("Private key of that certificate", "docs"),
});

const shape = {
    off: plain(z.boolean().default(false), {
        description: "No front: the registry itself takes the port",
        allowed: YES_OR_NO,
        example: true,
    }),
    image: option(imageName.default(DEFAULT_FRONT_IMAGE), {
        description: "Image of the front, nginx 1.22 or newer",
        allowed: IMAGE_ALLOWED,
        example: DEFAULT_FRONT_IMAGE,
    }),
    anonymousPull: option(z.boolean().default(false), {
        description: "Anyone may read, users alone may write",
        allowed: YES_OR_NO,
        example: true,
    }),
    cacheSeconds: option(z.int().min(0).max(3600).default(60), {
        description: "How long a right password is not checked again; 0 checks on every request",
        unit: "seconds",
        allowed: "a whole number from 0 to 3600",
        example: 60,
    }),
    attemptsPerMinute: option(z.int().min(1).max(6000).default(60), {
        description: "Password checks a minute that one client address gets, 20 of them at once",
        allowed: "a whole number from 1 to 6000",
        example: 60,
    }),
    connectionsPerClient: option(z.int().min(16).max(8192).default(512), {
        description: "Requests at once that one client address gets; the next ones are answered 429",
        allowed: "a whole number from 16 to 8192",
        example: 512,
    }),
    trustedProxies: option(z.array(network).default([]), {
        description:
            "Proxies before the front, such as an Ingress or a load balancer: of them X-Forwarded-For tells the client's address, by which the front counts and logs",
        default: "none",
        allowed: "a list of IP addresses and networks",
        example: ["10.244.0.0/16"],
    }),
    immutableTags: option(z.record(repositoryPattern, z.array(tagPattern).min(1)).default({}), {
        description: "Repositories → tags that keep the image which was pushed first (docs/retention.md)",
        default: "none",
        allowed:
            "an object of repositories, each with a list of tags, in which * is any part of a tag and ! stands before what is not meant",
        example: { "team/*": ["v*"] },
    }),
    clientInstaller: plain(z.boolean().default(true), {
        description: "Serves /client.sh and /client.ps1, which set a new client up, to anyone",
        allowed: YES_OR_NO,
        example: false,
    }),
    page: plain(z.boolean().default(true), {
        description: "A page at / on which a browser shows what is in the registry (docs/page.md)",
        allowed: YES_OR_NO,
        example: false,
    }),
    log: logOption,
    httpPort: option(port.optional(), {
        description: "Port at which plain HTTP is redirected to TLS",
        default: "none",
        allowed: PORT_ALLOWED,
        example: 80,
    }),
    sites: option(z.record(hostKey, site).default({}), {
        description: "Host name → a further site on the same port, from an upstream or a folder",
        allowed: "an object of host names, each with one of upstream and folder",
        example: { "docs.example.com": { folder: "docs" } },
        secret: true,
    }),
    sitesFolder: plain(hostFolder.optional(), {
        description: "Folder of the Docker host with the folders that sites serve",
        allowed: FOLDER_ALLOWED,
        example: "/srv/www",
    }),
    memoryMb: option(z.int().min(64).default(128), {
        description: "Memory limit of the front",
        unit: "MiB",
        allowed: "a whole number from 64",
        example: 128,
    }),
};

export const frontOptions = {
    front: option(switchable(shape).optional(), {
        description:
            "An nginx before the registry, which checks passwords once, bounds guessing and flooding, knows roles, and serves further sites. false: none",
        default: "an nginx, where it can be (docs/front.md)",
        allowed: "an object (front.*), true or false",
        example: { cacheSeconds: 60 },
        secret: true,
    }),
};

export type FrontOptions = z.output<z.ZodObject<typeof shape>>;
type Site = FrontOptions["sites"][string];
const DEFAULTS: FrontOptions = z.strictObject(shape).parse({});

/** What decides whether there is a front where the options do not say so. */
export type Grounds = { [K in keyof Options]?: Options[K] | undefined };

/**
 * nginx wherever it can stand before the registry. It brings TLS and checks the users; a name for Nexus takes a
 * certificate of the kit's CA and a domain to make it of; a user's name that ends with a space is lost in a header; and
 * what registryConfig sets of the registry's own TLS, such as client certificates, would be without effect behind it.
 */
function fits({ tls, auth, target, domain, nexus, users, registryConfig }: Grounds): boolean {
    const http = registryConfig?.http;
    const ownTls = typeof http === "object" && http !== null && "tls" in http;
    const namelessNexus =
        nexus !== undefined &&
        (tls?.files !== undefined ||
            (nexus.domain === undefined && typeof domain === "string" && isIP(domain) !== 0));
    const spaced = Object.keys(users ?? {}).some((name) => name !== name.trim());
    return !tls?.off && auth !== false && target !== "systemd" && !ownTls && !spaced && !namelessNexus;
}

/** The front of a deployment; undefined where there is none. */
export function chosenFront(options: Grounds): FrontOptions | undefined;
export function chosenFront(options: Settled<Options>): Settled<FrontOptions> | undefined;
export function chosenFront({ front, ...grounds }: Grounds | Settled<Options>): unknown {
    if (front !== undefined) return front.off ? undefined : front;
    // What is looked at is plain, or is not of the kind that decides where it is an Output.
    return fits(grounds as Grounds) ? DEFAULTS : undefined;
}

/** Who may read the numbers, and that there are some. */
function numbersProblems({ metrics, users, auth }: Grounds): Problem[] {
    const readers = Object.entries(users ?? {}).filter(([, { role }]) => role === "metrics");
    if (metrics === undefined)
        return readers.map(([name]) =>
            problem(["users", name, "role"], "is metrics, and there are no metrics", set(["metrics"], true)),
        );
    const at = ["metrics", "port"];
    if (metrics.port === undefined && readers.length === 0)
        return [
            problem(
                ["metrics"],
                "is set, and nobody may read them: there is neither a user of role metrics nor metrics.port",
                ...(auth === false
                    ? [set(at, 9145)]
                    : [
                          set(["users", "prometheus", "generate"], true),
                          set(["users", "prometheus", "role"], "metrics"),
                      ]),
            ),
        ];
    return readers.flatMap(([name, { repositories }]) =>
        repositories === undefined
            ? []
            : [
                  problem(
                      ["users", name, "repositories"],
                      "is set, and the role metrics reads no repository",
                      remove(["users", name, "repositories"]),
                  ),
              ],
    );
}

/** Has a front; what is set of it stays. */
export const toHaveFront = ({ front }: Grounds): Step =>
    front === undefined || JSON.stringify({ ...front, off: false }) === JSON.stringify(DEFAULTS)
        ? set(["front"], true)
        : set(["front", "off"], false);

/** What means something with a front alone. */
function withoutFront(options: Grounds): Problem[] {
    const { users, front, metrics, target } = options;
    const needs = (path: PropertyKey[], what: string) =>
        problem(path, `${what}, which takes the front`, toHaveFront(options));
    // The others are how a front does its work: they may wait for it to come back.
    const idle = (["sites", "anonymousPull", "httpPort", "sitesFolder", "immutableTags"] as const).filter(
        (key) => front !== undefined && JSON.stringify(front[key]) !== JSON.stringify(DEFAULTS[key]),
    );
    return [
        ...(metrics === undefined || target === "systemd"
            ? []
            : [problem(["metrics"], "is set, and the front tells the numbers", toHaveFront(options))]),
        ...(idle.length === 0
            ? []
            : [
                  problem(
                      ["front", "off"],
                      `is true, and ${idle.map((key) => `front.${key}`).join(", ")} is set`,
                      remove(["front", "off"]),
                  ),
              ]),
        ...Object.entries(users ?? {}).flatMap(([name, { role, repositories, previous }]) => [
            ...(role === undefined ? [] : [needs(["users", name, "role"], `is ${role}`)]),
            ...(repositories === undefined ? [] : [needs(["users", name, "repositories"], "is set")]),
            // One whose time is over means nothing, with a front or without.
            ...(overlapOf({ previous }) === undefined
                ? []
                : [needs(["users", name, "previous"], `is ${previous}`)]),
        ]),
    ];
}

function siteProblems(name: string, site: Site, front: FrontOptions, options: Grounds): Problem[] {
    const { tls, domain, dnsNames, target } = options;
    const path = (...rest: string[]) => ["front", "sites", name, ...rest];
    const served = name.toLowerCase();
    if (served === domain || dnsNames?.includes(served) || isIP(name) !== 0)
        return [problem(path(), "is the registry's own name", remove(path()))];
    const twin = Object.keys(front.sites).find((other) => other.toLowerCase() === served);
    if (twin !== undefined && twin !== name)
        return [
            problem(
                path(),
                `is the name of ${formatPath(["front", "sites", twin])} once more`,
                remove(path()),
            ),
        ];
    if ((site.upstream === undefined) === (site.folder === undefined))
        return [
            problem(
                path(),
                "needs exactly one of upstream and folder",
                site.upstream ? remove(path("folder")) : set(path("upstream"), "http://192.0.2.10:8080"),
            ),
        ];
    const found: Problem[] = [];
    if (site.folder !== undefined && front.sitesFolder === undefined && target !== "kubernetes")
        found.push(
            problem(
                path("folder"),
                `is ${show(site.folder)}, a folder below front.sitesFolder, which is not set`,
                set(["front", "sitesFolder"], "/srv/www"),
            ),
        );
    if (site.cert === undefined && site.key === undefined)
        return tls?.files
            ? [
                  ...found,
                  problem(
                      path("cert"),
                      "is not set, and with tls.files no CA signs one",
                      set(path("cert"), `./${name}.crt`),
                  ),
              ]
            : found;
    return [
        ...found,
        ...halfProblems(path(), name, site),
        ...pairProblems(path(), name, site, (...of) => inspectSite(...of, [name])),
    ];
}

const frontRule: Rule<Options> = (options) => {
    const { tls, auth, users, nexus, registryConfig } = options;
    const front = chosenFront(options);
    if (front === undefined) return withoutFront(options);
    const found: Problem[] = [];
    const http = registryConfig?.http;
    if (typeof http === "object" && http !== null && "tls" in http)
        found.push(
            problem(
                ["registryConfig", "http", "tls"],
                "is of the registry's own TLS, and the front brings TLS",
                set(["front"], false),
            ),
        );
    if (tls?.off) found.push(problem(["front"], "brings TLS, and tls is off", remove(["tls"])));
    if (front.anonymousPull && auth === false)
        found.push(
            problem(
                ["front", "anonymousPull"],
                "is true, and with auth false anyone may do anything",
                set(["auth"], true),
            ),
        );
    if (tls?.files && nexus)
        found.push(
            problem(
                ["nexus"],
                "is set, and with tls.files no CA signs a certificate for its name at the front",
                set(["front"], false),
            ),
        );
    for (const name of Object.keys(users ?? {}))
        // The front hands the name on in a header, which loses a space at its end.
        if (name !== name.trim())
            found.push(
                problem(
                    ["users", name],
                    "begins or ends with a space, which the front cannot tell apart",
                    remove(["users", name]),
                ),
            );
    return [
        ...found,
        ...numbersProblems(options),
        ...Object.entries(front.sites).flatMap(([name, site]) => siteProblems(name, site, front, options)),
    ];
};

export const frontRules: readonly Rule<Options>[] = [frontRule];
