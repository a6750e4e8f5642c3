/** Cached blobs that the front serves from a mirror's files: as the mirror would, and no longer than it has them. */
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import https from "node:https";

import { portInside } from "../../components/mirror/mirror";

import { ask, expectAlike, type Server } from "./blob-requests";
import { cleanup } from "./cleanup";
import { docker, inspect, objectsOf } from "./docker";
import { RegistryClient } from "./http";
import { sleep, until } from "./run";
import { ADMIN, DOMAIN, Stack } from "./stack";
import { join, leave, Upstream } from "./upstream";

const TTL_SECONDS = 8;
const HOST = "127.0.0.1";
const FILES = "/var/lib/registry/docker/registry/v2";
const sha256 = (text: string | Buffer) => createHash("sha256").update(text).digest("hex");

describe("mirrors' blobs from disk", () => {
    const use = cleanup();
    const upstream = new Upstream();
    let stack: Stack;
    /** Pushes to the upstream. */
    let source: RegistryClient;
    let agents: { front: https.Agent; direct: http.Agent };
    let ca: string;
    const mirrors = { lasting: `lasting.${DOMAIN}`, brief: `brief.${DOMAIN}` };
    type Mirror = keyof typeof mirrors;
    const container = (mirror: Mirror) => `${stack.prefix}-mirror-${mirror}`;

    const front = (mirror: Mirror): Server => ({
        agent: agents.front,
        options: { host: HOST, port: stack.port, ca, servername: mirrors[mirror] },
    });
    async function direct(mirror: Mirror): Promise<Server> {
        const { NetworkSettings } = await inspect(container(mirror));
        const host = NetworkSettings.Networks[stack.prefix]?.IPAddress;
        return { agent: agents.direct, options: { host, port: portInside(mirror) } };
    }
    const get = (server: Server, repository: string, digest: string, headers: Record<string, string> = {}) =>
        ask(server, { method: "GET", path: `/v2/${repository}/blobs/${digest}`, headers });
    /** Blobs in the upstream. @returns their digests */
    async function made(repository: string, ...sizes: number[]): Promise<string[]> {
        const digests: string[] = [];
        for (const size of sizes) {
            const data = async function* () {
                yield randomBytes(size);
            };
            digests.push((await source.upload(repository, data(), undefined, "")).digest);
        }
        return digests;
    }
    /** Whether a mirror has this file. */
    const has = async (mirror: Mirror, path: string) =>
        (await docker("exec", container(mirror), "sh", "-c", `test -e ${FILES}/${path} && echo 1; true`)) !==
        "";
    const linkOf = (repository: string, digest: string) =>
        `repositories/${repository}/_layers/${digest.replace(":", "/")}/link`;
    const dataOf = (digest: string) => `blobs/sha256/${digest.slice(7, 9)}/${digest.slice(7)}/data`;
    /** It answers the client before it has written the blob to its end. */
    const cached = (mirror: Mirror, repository: string, digest: string) =>
        until("the mirror has it", async () => (await has(mirror, linkOf(repository, digest))) || undefined);
    /** Does something while a mirror itself does nothing. */
    async function paused<T>(mirror: Mirror, work: () => Promise<T>): Promise<T> {
        await docker("pause", container(mirror));
        try {
            return await work();
        } finally {
            await docker("unpause", container(mirror));
        }
    }

    beforeAll(async () => {
        const settings = { ...ADMIN, keepData: "false", "front.off": "false" };
        stack = use(await Stack.create("mirror-blobs", { settings }));
        await Promise.all([stack.up(), upstream.start()]);
        use(upstream);
        await join(stack.prefix, upstream.name, upstream.name);
        use({ dispose: () => leave(stack.prefix, upstream.name) });
        source = new RegistryClient(Number(upstream.address.split(":")[1]));
        use({ dispose: async () => source.close() });
        agents = {
            front: new https.Agent({ keepAlive: true, maxSockets: 8 }),
            direct: new http.Agent({ keepAlive: true, maxSockets: 8 }),
        };
        use({ dispose: async () => Object.values(agents).forEach((agent) => agent.destroy()) });
        ca = await stack.output("caCertificatePem");
    });

    test("they come with a new container of the front, which is away for a moment", async () => {
        const registry = new RegistryClient(stack.port, ca, HOST, DOMAIN, false);
        use({ dispose: async () => registry.close() });
        let [away, last, on] = [0, Date.now(), true];
        const watch = (async () => {
            while (on) {
                const ok = await registry.ask("/v2/").then(
                    ({ status }) => status === 200,
                    () => false,
                );
                const now = Date.now();
                if (!ok) away += now - last;
                last = now;
                await sleep(20);
            }
        })();
        await stack.configure({
            "mirrors.lasting.upstream": upstream.url,
            "mirrors.lasting.ttl": "0",
            "mirrors.lasting.blobsFromDisk": "true",
            "mirrors.brief.upstream": upstream.url,
            "mirrors.brief.ttl": `${TTL_SECONDS}s`,
            "mirrors.brief.blobsFromDisk": "true",
        });
        await stack.up();
        on = false;
        await watch;
        process.stderr.write(`the front was away for ${away} ms\n`);
        expect(away).toBeLessThan(30_000);
        await stack.up("--expect-no-changes");
    });

    test("front and mirror answer alike of what is cached, whatever is asked", async () => {
        const known = new Map<string, string[]>();
        const mirror = await direct("lasting");
        for (const repository of ["a", "open/app", "team/a.b__c-d/e--f", "blobs/x/blobs"]) {
            const digests = await made(repository, 1, 2, 700, 65_536, 300_000);
            for (const digest of digests) {
                await get(mirror, repository, digest);
                await cached("lasting", repository, digest);
            }
            // One that nobody has.
            known.set(repository, [...digests, `sha256:${sha256(repository)}`]);
        }
        const kinds = await expectAlike(front("lasting"), mirror, known);
        for (const status of [200, 206, 304, 404, 405, 412, 416]) expect(kinds[status]).toBeGreaterThan(0);
        const [, , , , large = ""] = known.get("a") ?? [];
        await paused("lasting", async () => {
            expect((await get(front("lasting"), "a", large)).body).toBe(large.slice(7));
            expect((await get(front("lasting"), "a", large, { Range: "bytes=0-9" })).status).toBe(206);
        });
    });

    test("what is not cached yet is the mirror's to fetch, and then comes from disk", async () => {
        const [one = "", other = ""] = await made("fresh", 50_000, 50_000);
        const told = ({ status, headers }: Awaited<ReturnType<typeof get>>, digest: string) => [
            status,
            ...headers.map((line) => line.replaceAll(digest, "DIGEST")),
        ];
        const first = await get(front("lasting"), "fresh", one);
        expect(first.body).toBe(one.slice(7));
        expect(told(first, one)).toEqual(told(await get(await direct("lasting"), "fresh", other), other));
        await cached("lasting", "fresh", one);
        await paused("lasting", async () =>
            expect((await get(front("lasting"), "fresh", one)).body).toBe(one.slice(7)),
        );
        // Another repository has it only where its upstream says so.
        expect((await get(front("lasting"), "a", one)).status).toBe(404);
    });

    test("one that is being fetched just now is whole for who asks in between", async () => {
        const [digest = ""] = await made("slow", 30_000_000);
        const { options, agent } = await direct("lasting");
        const path = `/v2/slow/blobs/${digest}`;
        // A client that takes no more than the first bytes holds up the fetching.
        const slow = await new Promise<http.IncomingMessage>((resolve, reject) =>
            http.get({ ...options, agent, path }, resolve).on("error", reject),
        );
        slow.once("data", () => slow.pause());
        await sleep(1_000);
        expect(await has("lasting", linkOf("slow", digest))).toBe(false);
        for (let i = 0; i < 3; i++)
            expect((await get(front("lasting"), "slow", digest)).body).toBe(digest.slice(7));
        slow.resume();
        await cached("lasting", "slow", digest);
        await paused("lasting", async () =>
            expect((await get(front("lasting"), "slow", digest)).body).toBe(digest.slice(7)),
        );
    });

    test("where the link or the data is gone, the mirror fetches it anew", async () => {
        const [digest = ""] = await made("gone", 20_000);
        for (const path of [linkOf("gone", digest), dataOf(digest)]) {
            await get(front("lasting"), "gone", digest);
            await cached("lasting", "gone", digest);
            await docker("exec", container("lasting"), "sh", "-c", `rm ${FILES}/${path}`);
            expect((await get(front("lasting"), "gone", digest)).body).toBe(digest.slice(7));
            await until("it is there again", async () => (await has("lasting", path)) || undefined);
        }
    });

    test("a blob ends at its time, however often the front has sent it", async () => {
        const [digest = ""] = await made("brief", 20_000);
        const begin = Date.now();
        await get(front("brief"), "brief", digest);
        await cached("brief", "brief", digest);
        await docker("pause", upstream.name);
        try {
            let last = 0;
            await until(
                "the front has it no more",
                async () => {
                    const { status } = await Promise.race([
                        get(front("brief"), "brief", digest),
                        sleep(3_000).then(() => ({ status: 0 })),
                    ]);
                    if (status !== 200) return true;
                    last = Date.now();
                    return undefined;
                },
                (TTL_SECONDS + 20) * 1000,
            );
            const seconds = (last - begin) / 1000;
            expect(seconds).toBeGreaterThan(TTL_SECONDS - 2);
            expect(seconds).toBeLessThan(TTL_SECONDS + 5);
            expect(await has("brief", linkOf("brief", digest))).toBe(false);
            expect(await has("brief", dataOf(digest))).toBe(false);
        } finally {
            await docker("unpause", upstream.name);
        }
        await until(
            "it is fetched anew",
            async () => (await get(front("brief"), "brief", digest)).body === digest.slice(7) || undefined,
        );
    });

    test("they go with the mirror, and so does its volume", async () => {
        await stack.unset("mirrors");
        await stack.up();
        expect((await objectsOf(stack.prefix)).filter((name) => /-(lasting|brief)/.test(name))).toEqual([]);
        const { Mounts } = await inspect(`${stack.prefix}-front`);
        expect(Mounts.some(({ Name }) => /-(lasting|brief)/.test(Name ?? ""))).toBe(false);
    });
});
