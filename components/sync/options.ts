/** The options of a second copy (docs/sync.md). Of a stack's configuration alone: `npm run sync` goes by them. */
import * as z from "zod";

import { registryAddress } from "../../address/address";
import { DEFAULT_SYNC_IMAGE } from "../../address/default-images";

import { ableTo, type Deed, nobodyMay } from "../auth/able";
import type { Rule } from "../definition/check";
import { option } from "../definition/option";
import { meansRepository } from "../definition/matches";
import { repositoryChoice, tagPattern, TAGS_ALLOWED } from "../definition/patterns";
import { type Path, problem, type Problem, remove, set, show } from "../definition/problem";
import { IMAGE_ALLOWED, imageName, text, YES_OR_NO } from "../definition/values";
import type { Options } from "../options";
import { certificateOption, trustProblems } from "../tls/options";

import { hostOf, type Side, sideOf, sideText, targetOf } from "./side";

const side = z.string().refine((value) => sideOf(value) !== undefined);
const NAMED =
    "[HOST/]REPOSITORY, with :TAG or @sha256:DIGEST for one image, or with /* for all below; * for all; without a host this registry";

const job = z.strictObject({
    from: option(side, {
        description:
            "What is copied: an image, a repository with all its tags, all repositories below a path",
        allowed: NAMED,
        example: "docker.io/library/alpine:3",
    }),
    to: option(side.default("*"), {
        description: "Where it is copied to; a star stands for the whole path that it has on the other side",
        allowed: "[HOST/]REPOSITORY[:TAG], or [HOST/][FOLDER/]*; without a host this registry",
        example: "mirror/*",
    }),
    tags: option(z.array(tagPattern).min(1).optional(), {
        description: "Tags that are copied of a whole repository; their attachments come along",
        default: "all",
        allowed: TAGS_ALLOWED,
        example: ["v*", "!*-rc"],
    }),
    repositories: option(z.array(repositoryChoice).min(1).optional(), {
        description: "Repositories that are copied where `from` has a star",
        default: "all",
        allowed:
            "a list of repositories, each whole or with /* at its end, or with ! before what is not meant",
        example: ["team/*", "!team/old"],
    }),
});
export type SyncJob = z.output<typeof job>;

const registry = z.strictObject({
    username: option(text.pipe(z.string().min(1)).optional(), {
        description: "Login at a registry from or to which is copied",
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
    ca: certificateOption("CA of the registry's certificate, where it is no public one", "other-ca"),
    plainHttp: option(z.boolean().default(false), {
        description: "The registry speaks plain HTTP: login and images can be read and changed on the way",
        allowed: YES_OR_NO,
        example: true,
    }),
});

const NAME = /^[A-Za-z0-9][\w-]*$/;

export const syncOptions = {
    sync: option(
        z
            .strictObject({
                jobs: option(z.record(z.string().regex(NAME), job).default({}), {
                    description:
                        "Name → what `npm run sync` copies from one registry to another (docs/sync.md)",
                    default: "none",
                    allowed: "an object of names (letters, digits, _ -), each with from and to",
                    example: { alpine: { from: "docker.io/library/alpine:3" } },
                }),
                registries: option(
                    z
                        .record(
                            z.string().refine((key) => hostOf(key) !== undefined),
                            registry,
                        )
                        .default({}),
                    {
                        description: "Host of another registry → its login and authority",
                        default: "none",
                        allowed: "an object of hosts, with a port where they have one, each with an object",
                        example: { "registry.example.com": { username: "robot", password: "the password" } },
                        secret: true,
                    },
                ),
                user: option(z.string().min(1).optional(), {
                    description: "User of this registry as whom it copies",
                    default: "the first one with a known password who may push everywhere",
                    allowed: "a user name of users",
                    example: "sync",
                }),
                image: option(imageName.default(DEFAULT_SYNC_IMAGE), {
                    description: "Image of regsync (regclient.org), 0.11 or newer, with a shell",
                    allowed: IMAGE_ALLOWED,
                    example: DEFAULT_SYNC_IMAGE,
                }),
            })
            .prefault({}),
        {
            description: "A second copy: from and to other registries, by `npm run sync` (docs/sync.md)",
            allowed: "an object (sync.*)",
            example: { jobs: { alpine: { from: "docker.io/library/alpine:3" } } },
        },
    ),
};
export type SyncOptions = z.output<(typeof syncOptions)["sync"]>;
/** How another registry is reached. */
export type SyncRegistry = SyncOptions["registries"][string];

type Grounds = { [K in keyof Options]?: Options[K] | undefined } & { sync?: SyncOptions | undefined };

/** This registry as image names have it. */
const ownHost = ({ domain = "", port, tls }: Grounds): string =>
    registryAddress(domain, port ?? (tls?.off ? 5000 : 443), !tls?.off);

/** A job's two sides. A host that is this registry's own is none. */
export function sidesOf({ from, to }: Pick<SyncJob, "from" | "to">, own: string): { from: Side; to: Side } {
    const here = (written: string): Side => {
        const read = sideOf(written);
        if (read === undefined) throw new Error(`${written} is no side of a copy`);
        return read.host === own ? { ...read, host: undefined } : read;
    };
    const first = here(from);
    return { from: first, to: targetOf(first, here(to)) };
}

/** Names that are, seen from the container which copies, the container itself. */
const OWN = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0|\[::\])(:\d+)?$/;

function jobProblems(name: string, given: SyncJob, own: string): Problem[] {
    const path = (key: keyof SyncJob): Path => ["sync", "jobs", name, key];
    const { from, to } = sidesOf(given, own);
    const found: Problem[] = [];
    for (const [key, { host, ...rest }] of Object.entries({ from, to }))
        if (host !== undefined && OWN.test(host))
            found.push(
                problem(
                    path(key as "from" | "to"),
                    `is at ${host}, which is the job's own container, seen from there: use the name or address that the machine has for others`,
                    set(
                        path(key as "from" | "to"),
                        sideText({ ...rest, host: host.replace(OWN, "192.0.2.10$2") }),
                    ),
                ),
            );
    if (from.all && from.host === "docker.io")
        found.push(
            problem(
                path("from"),
                `is ${show(given.from)}, and Docker Hub gives no list of its repositories: a job for each`,
                set(path("from"), "docker.io/library/alpine"),
            ),
        );
    if (from.all && !to.all)
        found.push(
            problem(
                path("to"),
                `is ${show(given.to)}, and several repositories do not go into one: a star stands for the path of each`,
                set(path("to"), sideText({ ...to, tag: undefined, digest: undefined, all: true })),
            ),
        );
    if (sideOf(given.to)?.digest !== undefined)
        found.push(
            problem(
                path("to"),
                `is ${show(given.to)}, and a digest follows from what is copied`,
                remove(path("to")),
            ),
        );
    const one = from.tag !== undefined || from.digest !== undefined;
    if (!from.all && !one && to.tag !== undefined)
        found.push(
            problem(
                path("to"),
                `has the tag ${show(to.tag)}, and sync.jobs.${name}.from is a whole repository`,
                set(path("to"), sideText({ ...to, tag: undefined })),
            ),
        );
    if (one && !from.all && to.tag === undefined)
        found.push(
            problem(
                path("to"),
                `has no tag, and sync.jobs.${name}.from is a digest alone`,
                set(path("to"), sideText({ ...to, tag: "1" })),
            ),
        );
    if (one && given.tags)
        found.push(
            problem(path("tags"), `is set, and sync.jobs.${name}.from is one image`, remove(path("tags"))),
        );
    if (!from.all && given.repositories)
        found.push(
            problem(
                path("repositories"),
                `is set, and sync.jobs.${name}.from has no star`,
                remove(path("repositories")),
            ),
        );
    const same =
        from.host === to.host && (from.all ? to.path === "" : from.path === to.path && from.tag === to.tag);
    if (same && found.length === 0)
        found.push(
            problem(
                path("to"),
                `is ${show(given.to)}, where it is already`,
                set(path("to"), sideText({ host: "registry.example.com", path: "", all: true })),
            ),
        );
    return found;
}

function registryProblems(host: string, given: SyncRegistry): Problem[] {
    const path = (key: keyof SyncRegistry): Path => ["sync", "registries", host, key];
    const missing = given.username === undefined ? "username" : "password";
    const half =
        (given.username === undefined) === (given.password === undefined)
            ? []
            : [
                  problem(
                      path(missing),
                      `is not set, and ${missing === "password" ? "username" : "password"} is`,
                      set(
                          path(missing),
                          missing === "password" ? "the password" : "robot",
                          missing === "password",
                      ),
                  ),
              ];
    if (given.ca === undefined) return half;
    return [
        ...half,
        ...(given.plainHttp
            ? [problem(path("ca"), "is set, and plain HTTP shows no certificate", remove(path("ca")))]
            : trustProblems(path("ca"), given.ca, "./other-ca.crt")),
    ];
}

/** What a user must be able to, as whom it copies. */
const copying = (pushes: boolean): Deed => ({ does: pushes ? "push" : "read", where: "everywhere" });

/** Users as whom it may copy, the first in line first: their passwords are known to the stack. */
export function copiers({ users = {} }: Pick<Grounds, "users">, pushes: boolean): string[] {
    return ableTo(users, copying(pushes)).filter((name) => users[name]?.bcryptHash === undefined);
}

function userProblems({ sync, users = {}, auth, ...grounds }: Grounds): Problem[] {
    const jobs = Object.entries(sync?.jobs ?? {});
    const at: Path = ["sync", "user"];
    if (sync === undefined || jobs.length === 0) return [];
    if (auth === false)
        return sync.user === undefined
            ? []
            : [problem(at, `is ${show(sync.user)}, and with auth false there is no user`, remove(at))];
    const own = ownHost(grounds);
    const here = jobs.map(([name, one]) => ({ name, ...sidesOf(one, own) }));
    const pushes = here.some(({ to }) => to.host === undefined);
    if (!pushes && here.every(({ from }) => from.host !== undefined)) return [];
    const [able] = copiers({ users }, pushes);
    const mend = able === undefined ? set(["users", "sync", "generate"], true) : set(at, able);
    if (sync.user === undefined)
        return able === undefined ? [problem(at, `is not set, and ${nobodyMay(copying(pushes))}`, mend)] : [];
    const user = users[sync.user];
    const wrong = (why: string) => [problem(at, `is ${show(sync.user)}, ${why}`, mend)];
    if (user === undefined) return wrong("who is not among users");
    if (user.bcryptHash !== undefined && user.password === undefined)
        return wrong("of whom the stack knows a hash alone, and no password");
    if (ableTo({ [sync.user]: { role: user.role } }, copying(pushes)).length === 0)
        return wrong(
            `whose role is ${user.role}, and there are copies ${pushes ? "into" : "from"} this registry`,
        );
    const outside = here
        .flatMap(({ from, to }) => [from, to])
        .filter(({ host }) => host === undefined)
        .find(({ path, all }) =>
            user.repositories?.every((pattern) =>
                all ? !isWithin(path, pattern) : !meansRepository(pattern, path),
            ),
        );
    return outside === undefined
        ? []
        : wrong(
              `who may not use ${sideText({ ...outside, tag: undefined, digest: undefined })} (users.NAME.repositories)`,
          );
}

/** Whether all below a path is meant by a pattern. */
const isWithin = (path: string, pattern: string) =>
    pattern.endsWith("/*") && `${path}/`.startsWith(pattern.slice(0, -1));

const syncRule: Rule<Grounds> = (options) => {
    const { jobs = {}, registries = {} } = options.sync ?? {};
    const own = ownHost(options);
    if (options.target === "systemd" && Object.keys(jobs).length > 0)
        return [
            problem(
                ["sync", "jobs"],
                "is set, and target systemd cannot have it: a container of a Docker Engine copies",
                remove(["sync", "jobs"]),
            ),
        ];
    return [
        ...Object.entries(jobs).flatMap(([name, one]) => jobProblems(name, one, own)),
        ...Object.entries(registries).flatMap(([host, one]) => registryProblems(host, one)),
        ...userProblems(options),
    ];
};

export const syncRules = [syncRule];
