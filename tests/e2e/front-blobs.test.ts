/** Blobs that the front serves from disk: as the registry would, byte for byte and header for header, and to the same people. */
import { createHash, randomBytes, randomInt } from "node:crypto";
import http from "node:http";
import https from "node:https";

import { BareRegistry } from "./bare-registry";
import { cleanup } from "./cleanup";
import { docker, frontLog } from "./docker";
import { RegistryClient } from "./http";
import { LONG } from "./long";
import { run, until } from "./run";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "./stack";

const REQUESTS = LONG ? 20_000 : 2_000;
const HEADERS = {
    "X-Content-Type-Options": ["nosniff"],
    "X-Cost": ['5 $ "a" \\ b'],
    "X-Two": ["one", "two"],
};
const READER = "reader:the reader's password";
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

interface Asked {
    method: string;
    path: string;
    headers: Record<string, string>;
}

interface Answered {
    status: number;
    headers: string[];
    body: string;
}

interface Server {
    options: https.RequestOptions;
    agent: http.Agent;
}

const ask = ({ options, agent }: Server, { method, path, headers }: Asked): Promise<Answered> =>
    new Promise((resolve, reject) => {
        const secure = agent instanceof https.Agent;
        const all = { ...options, agent, method, path, headers: { Host: DOMAIN, ...headers } };
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
                const sha256 = createHash("sha256").update(body).digest("hex");
                resolve({ status: statusCode, headers: told.sort(), body: `${sha256}${cut}` });
            };
            response.on("data", (part: Buffer) => parts.push(part)).on("end", () => end(""));
            // The registry promises with a 412 the bytes that it does not send.
            response.on("error", () => end(", cut off"));
        });
        request.on("error", fail).end();
    });

describe("blobs from disk", () => {
    const use = cleanup();
    let stack: Stack;
    let client: RegistryClient;
    let front: Server;
    let direct: Server;
    /** Repository → digests of blobs that it has, or has no more. */
    const known = new Map<string, string[]>();

    beforeAll(async () => {
        const settings = {
            ...ADMIN,
            keepData: "false",
            "front.off": "false",
            deleteEnabled: "true",
            logLevel: "info",
            'headers["X-Cost"][0]': HEADERS["X-Cost"][0] ?? "",
            'headers["X-Two"][0]': "one",
            'headers["X-Two"][1]': "two",
            'headers["X-Content-Type-Options"][0]': "nosniff",
            "users.reader.password": { secret: READER.slice("reader:".length) },
            "users.reader.role": "pull",
            "users.reader.repositories[0]": "open/*",
        };
        stack = use(await Stack.create("blobs", { settings }));
        await stack.up();
        client = await RegistryClient.of(stack);
        use({ dispose: async () => client.close() });
        const ca = await stack.output("caCertificatePem");
        const agents = [
            new https.Agent({ keepAlive: true, maxSockets: 8 }),
            new http.Agent({ keepAlive: true, maxSockets: 8 }),
        ] as const;
        use({ dispose: async () => agents.forEach((agent) => agent.destroy()) });
        const host = "127.0.0.1";
        const auth = `admin:${PASSWORD}`;
        front = { agent: agents[0], options: { host, port: stack.port, ca, servername: DOMAIN, auth } };
        // On the same files.
        const bare = await BareRegistry.start(`${stack.prefix}-direct`, {
            volume: `${stack.prefix}-data`,
            headers: HEADERS,
        });
        use(bare);
        direct = { agent: agents[1], options: { host, port: bare.port } };

        const sizes = [0, 1, 2, 700, 65_536, 300_000];
        for (const repository of ["a", "open/app", "team/a.b__c-d/e--f", "blobs/x/blobs", "0/1/2/3"]) {
            const digests: string[] = [];
            for (const size of sizes) {
                const data = async function* () {
                    yield randomBytes(size);
                };
                digests.push((await client.upload(repository, data())).digest);
            }
            // One that was there.
            const { digest } = await client.upload(repository);
            await client.ask(`/v2/${repository}/blobs/${digest}`, { method: "DELETE" });
            known.set(repository, [...digests, digest]);
        }
        // Those that the first has, or had, are another's too.
        for (const digest of known.get("a") ?? [])
            await client.ask(`/v2/open/app/blobs/uploads/?mount=${digest}&from=a`, { method: "POST" });
    });

    const text = ({ method, path, headers }: Asked) => `${method} ${path} ${JSON.stringify(headers)}`;

    /** A request as clients send it, or nearly so. */
    function random(pick: (below: number) => number): Asked {
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
        const number = () =>
            of([0, 0, 1, 2, 699, 700, 65_535, 65_536, 299_999, pick(400_000), 1e15, 1e16, 1e19]);
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

    test("front and registry answer alike, whatever is asked", async () => {
        const seed = Number(process.env.PRIVATE_REGISTRY_TEST_SEED ?? randomInt(2 ** 31));
        const pick = numbers(seed);
        const kinds: Record<string, number> = {};
        const worker = async () => {
            for (let asked = next(); asked !== undefined; asked = next()) {
                const [a, b] = await Promise.all([ask(front, asked), ask(direct, asked)]);
                kinds[b.status] = (kinds[b.status] ?? 0) + 1;
                expect({ seed, asked: text(asked), ...a }).toEqual({ seed, asked: text(asked), ...b });
            }
        };
        let left = REQUESTS;
        const next = () => (left-- > 0 ? random(pick) : undefined);
        await Promise.all(Array.from({ length: 8 }, worker));
        process.stderr.write(`seed ${seed}: ${JSON.stringify(kinds)}\n`);
        for (const status of [200, 206, 304, 404, 405, 412, 416]) expect(kinds[status]).toBeGreaterThan(0);
    });

    /** The status of a blob while the registry itself does nothing. */
    const blob = async (repository: string, digest: string | undefined, login?: string) =>
        (await client.ask(`/v2/${repository}/blobs/${digest}`, { login })).status;

    test("the registry has no part in them, and who may not have them gets none", async () => {
        const [, , , , large] = known.get("open/app") ?? [];
        const { digest: other } = await client.upload("a");
        for (const login of [undefined, READER]) await client.ask("/v2/", { login });
        await docker("pause", stack.prefix);
        try {
            expect(await blob("open/app", large)).toBe(200);
            expect(await blob("open/app", large, READER)).toBe(200);
            expect(await blob("a", other, READER)).toBe(403);
            expect(await blob("a", other, "")).toBe(401);
            expect(await blob("a", other, "admin:wrong")).toBe(401);
            // While a collection is running.
            const inFront = (script: string) =>
                docker("exec", `${stack.prefix}-front`, "/bin/sh", "-c", script);
            await inFront(": >/tmp/drain");
            expect(await blob("open/app", large)).toBe(200);
            const gone = await client.ask(`/v2/a/blobs/${other}`, { method: "DELETE" });
            expect(gone.status).toBe(503);
            await inFront("rm -f /tmp/drain");
            const part = await client.ask(`/v2/a/blobs/${other}`, { headers: { Range: "bytes=1-4" } });
            expect([part.status, part.headers["content-range"]]).toEqual([206, "bytes 1-4/100000"]);
        } finally {
            await docker("unpause", stack.prefix);
        }
        const { requests } = await frontLog(stack.prefix);
        const lines = requests
            .filter((line) => line.includes(`/${other}"`))
            .map((line) => JSON.parse(line) as object);
        const common = { path: `/v2/a/blobs/${other}`, repository: "a", action: "pull" };
        expect(lines).toMatchObject([
            { ...common, user: "reader", status: 403 },
            { ...common, user: "", status: 401 },
            { ...common, user: "", status: 401 },
            { ...common, action: "delete", status: 503 },
            { ...common, user: "admin", status: 206, bytesSent: 4 },
        ]);
    });

    test("a deleted one is refused at once, and the others stay", async () => {
        for (let i = 0; i < (LONG ? 50 : 10); i++) {
            const { digest } = await client.upload("open/app");
            await client.ask(`/v2/a/blobs/uploads/?mount=${digest}&from=open/app`, { method: "POST" });
            expect(await blob("open/app", digest)).toBe(200);
            await client.ask(`/v2/open/app/blobs/${digest}`, { method: "DELETE" });
            expect([await blob("open/app", digest), await blob("a", digest)]).toEqual([404, 200]);
        }
    });

    test("what tells others of each pull keeps the registry at it", async () => {
        await stack.configure({ "registryConfig.notifications.endpoints[0].name": "audit" });
        await stack.configure({
            "registryConfig.notifications.endpoints[0].url": "http://127.0.0.1:9",
            "registryConfig.notifications.endpoints[0].disabled": "true",
        });
        await stack.up();
        const since = (Date.now() / 1000).toFixed(3);
        expect(await blob("open/app", known.get("open/app")?.[4])).toBe(200);
        const [, , , , digest = ""] = known.get("open/app") ?? [];
        await until("the registry tells of the pull", async () => {
            const { screen } = await run("docker", ["logs", "--since", since, stack.prefix]);
            return screen.includes(digest) || undefined;
        });
    });
});
