/** Blobs that the front serves from disk: as the registry would, byte for byte and header for header, and to the same people. */
import { randomBytes } from "node:crypto";
import http from "node:http";
import https from "node:https";

import { BareRegistry } from "./bare-registry";
import { expectAlike, type Server } from "./blob-requests";
import { cleanup } from "./cleanup";
import { docker, frontLog } from "./docker";
import { RegistryClient } from "./http";
import { LONG } from "./long";
import { run, until } from "./run";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "./stack";

const HEADERS = {
    "X-Content-Type-Options": ["nosniff"],
    "X-Cost": ['5 $ "a" \\ b'],
    "X-Two": ["one", "two"],
};
const HOST = "127.0.0.1";
const READER = "reader:the reader's password";

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
        const auth = `admin:${PASSWORD}`;
        front = { agent: agents[0], options: { host: HOST, port: stack.port, ca, servername: DOMAIN, auth } };
        // On the same files.
        const bare = await BareRegistry.start(`${stack.prefix}-direct`, {
            volume: `${stack.prefix}-data`,
            headers: HEADERS,
        });
        use(bare);
        direct = { agent: agents[1], options: { host: HOST, port: bare.port } };

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

    test("front and registry answer alike, whatever is asked", async () => {
        const kinds = await expectAlike(front, direct, known);
        for (const status of [200, 206, 304, 404, 405, 412, 416]) expect(kinds[status]).toBeGreaterThan(0);
        // A body as large as a layer: who refuses it is the registry.
        const body = Buffer.alloc(2 << 20);
        // On a connection of its own, which ends with the refusal.
        const once = new RegistryClient(stack.port, front.options.ca as string, HOST, DOMAIN, false);
        const put = await once.ask(`/v2/a/blobs/${known.get("a")?.[4]}`, { method: "PUT", body });
        expect(put.status).toBe(405);
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
