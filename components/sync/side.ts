/** How a job of `sync` names what it copies, and where to: `docker.io/library/alpine:3`, `team/*`. Pure. */
import { REPOSITORIES } from "../definition/patterns";

/** One side of a copy. */
export interface Side {
    /** `docker.io`, `registry.example.com:5000`; nothing for this registry. */
    host?: string | undefined;
    /** A repository; with `all` the path above several, "" for none. */
    path: string;
    /** It ends with a star: on the one side all repositories below the path, on the other one the whole path of the first. */
    all: boolean;
    tag?: string | undefined;
    digest?: string | undefined;
}

/** Names of Docker Hub, whose registry is known by the first of them. */
const HUB = ["docker.io", "index.docker.io", "registry-1.docker.io"];
const HOST = /^(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d{1,5})?$/;
const NAME = /^([^:@]+?)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** The host by which images of a registry are named; nothing where a text is none. */
export const hostOf = (text: string): string | undefined =>
    HOST.test(text) ? (HUB.includes(text) ? HUB[0] : text) : undefined;

/** Reads a side; nothing where a text is none. As for Docker, a first part with a dot or colon is a host. */
export function sideOf(text: string): Side | undefined {
    const [, first = "", rest] = /^([^/]+)\/(.+)$/.exec(text) ?? [];
    const hosted = rest !== undefined && (/[.:]/.test(first) || first === "localhost");
    const host = hosted ? hostOf(first) : undefined;
    const [, name = "", tag, digest] = NAME.exec(hosted ? rest : text) ?? [];
    if ((hosted && host === undefined) || !(name === "*" || REPOSITORIES.test(name))) return undefined;
    const all = name.endsWith("*");
    if (all && (tag ?? digest) !== undefined) return undefined;
    const path = all ? name.slice(0, -1).replace(/\/$/, "") : name;
    // What Docker Hub has without a folder lies in `library`.
    const official = host === HUB[0] && !all && !path.includes("/");
    return { host, path: official ? `library/${path}` : path, all, tag, digest };
}

/** A side as it is written. */
export const sideText = ({ host, path, all, tag, digest }: Side): string =>
    (host === undefined ? "" : `${host}/`) +
    [...(path === "" ? [] : [path]), ...(all ? ["*"] : [])].join("/") +
    (tag === undefined ? "" : `:${tag}`) +
    (digest === undefined ? "" : `@${digest}`);

/** The target of one repository, or of all with their paths where that has a star. */
export function targetOf(from: Side, to: Side): Side {
    if (from.all) return to;
    const path = to.all ? [to.path, from.path].filter((part) => part !== "").join("/") : to.path;
    return { host: to.host, path, all: false, tag: to.tag ?? from.tag };
}
