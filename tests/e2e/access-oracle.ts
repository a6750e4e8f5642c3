/**
 * What a request may do, read off its bytes as the registry reads them: Go's net/url, then the routes of
 * distribution 3 (registry/api/v2/descriptors.go). Written without a look at the front's own rules.
 */

export interface Who {
    /** Nothing is a request without a login. */
    name?: string | undefined;
    role: "push" | "pull" | "none";
    /** Repositories that the user may use. @default all */
    repositories?: readonly string[] | undefined;
}

/** malformed: refused whoever asks. unknown: no end-point. registry: the registry answers. */
export type Verdict = "malformed" | "unknown" | "login" | "denied" | "registry";

export interface Reading {
    verdict: Verdict;
    endpoint?: string | undefined;
    repository?: string | undefined;
    /** The registry must mount the blob (true), must not (false), or is not asked to. */
    mounts?: boolean | undefined;
}

const HEX = "0123456789abcdefABCDEF";
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const WORD = `${LETTERS}${LETTERS.toUpperCase()}0123456789`;

/** Each byte of the target is one that clients send; in the path they escape nothing but a colon. */
function wellFormed(target: string): boolean {
    const mark = target.indexOf("?");
    const [path, query] = mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
    if (!path.startsWith("/")) return false;
    const plain = path.replaceAll("%3A", ":").replaceAll("%3a", ":");
    if ([...plain].some((one) => !`${WORD}._:=+~/-`.includes(one))) return false;
    const steps = plain.slice(1).split("/");
    if (steps.some((one, i) => one === "." || one === ".." || (one === "" && i < steps.length - 1)))
        return false;
    for (let i = 0; i < query.length; i++) {
        const one = query.charAt(i);
        if (one !== "%") {
            if (!`${WORD}._:=+~/&,-`.includes(one)) return false;
            continue;
        }
        const [a = "", b = ""] = [query.charAt(i + 1), query.charAt(i + 2)];
        if (a === "" || b === "" || !HEX.includes(a) || !HEX.includes(b)) return false;
        // A NUL in `last` is a path with a NUL to the registry, and a 500.
        const code = parseInt(a + b, 16);
        if (code < 32 || code === 127) return false;
    }
    return true;
}

/** Go's url.ParseQuery: decoded names, in order, the first value of each counts; a pair with a `;` is none. */
export function goQuery(query: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const pair of query.split("&")) {
        if (pair === "" || pair.includes(";")) continue;
        const at = pair.indexOf("=");
        try {
            const [name, value] = (at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)]).map((one) =>
                decodeURIComponent(one.replaceAll("+", " ")),
            );
            if (!found.has(name ?? "")) found.set(name ?? "", value ?? "");
        } catch {
            // An escape that is none: Go leaves the pair out.
        }
    }
    return found;
}

/** Name, end-point and rest of a path: the last end-point in it counts, since a name may contain such words. */
function route(path: string): { endpoint: string; repository: string } | undefined {
    if (path === "/v2/") return { endpoint: "base", repository: "" };
    if (path === "/v2/_catalog") return { endpoint: "catalog", repository: "" };
    if (!path.startsWith("/v2/")) return undefined;
    const steps = path.split("/").slice(2);
    const last = steps.at(-1) ?? "";
    const tail = (count: number) => steps.slice(-count, -1).join("/");
    const name = (count: number) => steps.slice(0, -count).join("/");
    if (steps.length > 3 && tail(3) === "blobs/uploads") return { endpoint: "uploads", repository: name(3) };
    if (steps.length < 3 || last === "") return undefined;
    if (tail(2) === "tags" && last === "list") return { endpoint: "tags", repository: name(2) };
    if (["manifests", "blobs", "referrers"].includes(tail(2)))
        return { endpoint: tail(2), repository: name(2) };
    return undefined;
}

const within = (repository: string, patterns: readonly string[]): boolean =>
    patterns.some((one) =>
        one.endsWith("/*")
            ? repository.startsWith(one.slice(0, -1)) && repository.length > one.length - 1
            : repository === one,
    );

/** Whether clients write a query so: names without escapes, each pair with a value, `from` once, only `/` escaped in it. */
function plainlyWritten(query: string): boolean {
    const pairs = query === "" ? [] : query.split("&");
    const froms = pairs.filter((one) => one.startsWith("from="));
    return (
        froms.length <= 1 &&
        pairs.every((one) => {
            const name = one.split("=")[0] ?? "";
            return (
                one.split("=").length > 1 && name !== "" && [...name].every((c) => `${LETTERS}_-`.includes(c))
            );
        }) &&
        froms.every((one) => !/%(?!2f)/i.test(one))
    );
}

/**
 * @param target the request target, byte for byte
 * @param has whether a repository has a blob
 */
export function read(
    method: string,
    target: string,
    who: Who,
    has: (repository: string, digest: string) => boolean,
): Reading {
    if (!wellFormed(target)) return { verdict: "malformed" };
    const mark = target.indexOf("?");
    const [path, query] = mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
    const found = route(path.replaceAll(/%3a/gi, ":"));
    if (found === undefined) return { verdict: "unknown" };
    const { endpoint, repository } = found;
    if (repository.length > 255) return { verdict: "malformed" };
    if (who.role === "none") return { verdict: "login", ...found };
    const reads = method === "GET" || method === "HEAD";
    const own = who.repositories;
    const allowed =
        endpoint === "base"
            ? reads
            : endpoint === "catalog"
              ? reads && own === undefined
              : (own === undefined || within(repository, own)) &&
                (who.role === "push" || (reads && endpoint !== "uploads"));
    if (!allowed) return { verdict: "denied", ...found };
    // With the identifier of an upload the registry goes on with that one.
    if (method !== "POST" || endpoint !== "uploads" || !path.endsWith("/uploads/"))
        return { verdict: "registry", ...found };
    const asked = goQuery(query);
    const [mount, from] = [asked.get("mount") ?? "", asked.get("from") ?? ""];
    if (!has(from, mount)) return { verdict: "registry", ...found };
    const mounts = own === undefined || (within(from, own) && plainlyWritten(query));
    return { verdict: "registry", mounts, ...found };
}
