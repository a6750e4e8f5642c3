/** Random requests of blobs to two servers, which must answer them alike: every header and byte. */
import { createHash, randomInt } from "node:crypto";
import http from "node:http";
import https from "node:https";

import { LONG } from "./long";
import { DOMAIN } from "./stack";

const REQUESTS = LONG ? 20_000 : 2_000;
/** What each server says of itself and of the connection. */
const OWN = ["date", "server", "connection", "keep-alive"];

/** Numbers from a seed, so that a failure can be had again (mulberry32). */
function numbers(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    };
}

export interface Asked {
    method: string;
    path: string;
    headers: Record<string, string>;
}

interface Answered {
    status: number;
    headers: string[];
    body: string;
}

export interface Server {
    options: https.RequestOptions;
    agent: http.Agent;
}

/** Sends one request. */
export const ask = ({ options, agent }: Server, { method, path, headers }: Asked): Promise<Answered> =>
    new Promise((resolve, reject) => {
        const secure = agent instanceof https.Agent;
        const all = {
            ...options,
            agent,
            method,
            path,
            headers: { Host: options.servername ?? DOMAIN, ...headers },
        };
        const fail = ({ message }: Error) =>
            reject(
                new Error(`port ${options.port}: ${method} ${path} ${JSON.stringify(headers)}: ${message}`),
            );
        const request = (secure ? https : http).request(all, (response) => {
            const parts: Buffer[] = [];
            const end = (cut: string) => {
                const { rawHeaders, statusCode = 0 } = response;
                // The one thing that is another with each answer.
                const boundary = /boundary=(\w+)/.exec(response.headers["content-type"] ?? "")?.[1] ?? "none";
                const told = rawHeaders.flatMap((name, i) =>
                    i % 2 === 1 || OWN.includes(name.toLowerCase())
                        ? []
                        : [`${name.toLowerCase()}: ${rawHeaders[i + 1]?.replace(boundary, "BOUNDARY")}`],
                );
                const body = Buffer.concat(parts).toString("latin1").replaceAll(boundary, "BOUNDARY");
                const sha256 = createHash("sha256").update(body, "latin1").digest("hex");
                resolve({ status: statusCode, headers: told.sort(), body: `${sha256}${cut}` });
            };
            response.on("data", (part: Buffer) => parts.push(part)).on("end", () => end(""));
            // The registry promises with a 412 the bytes that it does not send.
            response.on("error", () => end(", cut off"));
        });
        request.on("error", fail).end();
    });

const text = ({ method, path, headers }: Asked) => `${method} ${path} ${JSON.stringify(headers)}`;

/** A request of a blob as clients send it, or nearly so. @param known repository → digests that it has, or has no more */
function random(pick: (below: number) => number, known: ReadonlyMap<string, string[]>): Asked {
    const of = <T>(list: readonly T[]): T => list[pick(list.length)] as T;
    const names = [...known.keys()];
    const repository = of(names);
    // Often of another repository.
    // Not of a manifest: for a while the registry gives one out as a blob, since it has it in its memory as such.
    const digest = of(known.get(pick(2) ? repository : of(names)) ?? []);
    const hex = digest.slice("sha256:".length);
    const written = pick(6)
        ? digest
        : of([
              `sha256%3A${hex}`,
              `sha256%3a${hex}`,
              `sha256:${hex.toUpperCase()}`,
              `sha256:${hex.slice(1)}`,
              `sha256:${hex}0`,
              `sha256:${"0".repeat(64)}`,
              `sha512:${hex}${hex}`,
              `SHA256:${hex}`,
              hex,
          ]);
    const where = pick(8)
        ? repository
        : of(["A", "none", `${repository}/x`, "_layers", `${repository}/_layers`, "a..b"]);
    const query = pick(12) ? "" : of(["?", "?x=y", "?digest=sha256:0", "?ns=docker.io"]);
    const number = () => of([0, 0, 1, 2, 699, 700, 65_535, 65_536, 299_999, pick(400_000), 1e15, 1e16, 1e19]);
    const range = () =>
        of([
            `bytes=${number()}-`,
            `bytes=${number()}-${number()}`,
            `bytes=-${number()}`,
            `bytes=0-0,${number()}-${number()}`,
            of([
                "bytes=",
                "bytes=-",
                "bytes=a-b",
                "bytes=1",
                "Bytes=0-1",
                "bytes= 0-1",
                "bytes=0-1,",
                "items=0-1",
                "bytes=0 - 1",
            ]),
        ]);
    const etag = of([`"${digest}"`, `W/"${digest}"`, '"other"', "*", digest, `"other", "${digest}"`]);
    const date = of(["Fri, 01 Jan 2100 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday"]);
    const conditions = of<Record<string, string>>([
        { "If-None-Match": etag },
        { "If-Match": etag },
        { "If-Range": of([etag, date]) },
        { "If-Modified-Since": date },
        { "If-Unmodified-Since": date },
    ]);
    return {
        method: pick(8) ? of(["GET", "GET", "HEAD"]) : of(["POST", "PUT", "PATCH", "OPTIONS", "QUERY"]),
        path: `/v2/${where}/blobs/${written}${query}`,
        headers: {
            ...(pick(2) ? { Range: range() } : {}),
            ...(pick(4) ? {} : conditions),
            ...(pick(8) ? {} : { "Accept-Encoding": "gzip" }),
        },
    };
}

/** @returns status → how many answers had it */
export async function expectAlike(
    a: Server,
    b: Server,
    known: ReadonlyMap<string, string[]>,
): Promise<Record<string, number>> {
    const seed = Number(process.env.PRIVATE_REGISTRY_TEST_SEED ?? randomInt(2 ** 31));
    const pick = numbers(seed);
    const kinds: Record<string, number> = {};
    let left = REQUESTS;
    const next = () => (left-- > 0 ? random(pick, known) : undefined);
    const worker = async () => {
        for (let asked = next(); asked !== undefined; asked = next()) {
            const [one, other] = await Promise.all([ask(a, asked), ask(b, asked)]);
            kinds[other.status] = (kinds[other.status] ?? 0) + 1;
            expect({ seed, asked: text(asked), ...one }).toEqual({ seed, asked: text(asked), ...other });
        }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    process.stderr.write(`seed ${seed}: ${JSON.stringify(kinds)}\n`);
    return kinds;
}
