/** Tags that are pushed once (front.immutableTags): whoever pushes, in whatever spelling, and however many at once. */
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import https from "node:https";
import { resolve } from "node:path";

import { tar } from "../../engine/tar";
import { ensureClient } from "../../setup/client-tools";
import { thisMachine } from "../../setup/machine";

import { cleanup } from "./cleanup";
import { distrustCa, docker, DockerClient, outerAddress, trustCa } from "./docker";
import { type Answer, RegistryClient } from "./http";
import { PushBench } from "./pushers";
import { run, sleep } from "./run";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "./stack";

// Clients ask 127.0.0.0/8 for no certificate.
const HOST = outerAddress();
const IMAGE = "application/vnd.oci.image.manifest.v1+json";
const INDEX = "application/vnd.oci.image.index.v1+json";
const ATTACHMENTS = `sha256-${"0a".repeat(32)}`;
const READER = "reader:the reader's password";
const TEAM = "team:the team's password";

interface Manifest {
    body: Buffer;
    digest: string;
    type: string;
}

const manifestOf = (type: string, content: object): Manifest => {
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, ...content }));
    return { body, type, digest: `sha256:${createHash("sha256").update(body).digest("hex")}` };
};

describe("immutable tags", () => {
    const use = cleanup();
    let stack: Stack;
    let client: RegistryClient;
    let address: string;
    let ca: string;
    /** Repository → digest of a blob of 100 kB in it. */
    const blobs = new Map<string, string>();

    /** Another image with each call. */
    async function image(repository: string): Promise<Manifest> {
        if (!blobs.has(repository)) {
            const sent = await client.upload(repository);
            if (sent.statuses.join() !== "202,202,201")
                throw new Error(`${repository}: ${sent.statuses.join()}`);
            blobs.set(repository, sent.digest);
        }
        const blob = {
            mediaType: "application/octet-stream",
            digest: blobs.get(repository),
            size: 100_000,
        };
        return manifestOf(IMAGE, {
            config: blob,
            layers: [blob],
            annotations: { made: randomBytes(8).toString("hex") },
        });
    }
    const push = (
        repository: string,
        reference: string,
        { body, type }: Manifest,
        login?: string,
        by = client,
    ): Promise<Answer> =>
        by.ask(`/v2/${repository}/manifests/${reference}`, {
            method: "PUT",
            headers: { "Content-Type": type },
            body,
            login,
        });
    /** The digest that a tag has; "" for none. */
    const stored = async (repository: string, tag: string): Promise<string> => {
        const headers = { Accept: `${IMAGE}, ${INDEX}` };
        const answer = await client.ask(`/v2/${repository}/manifests/${tag}`, { method: "HEAD", headers });
        return answer.status === 200 ? String(answer.headers["docker-content-digest"]) : "";
    };

    beforeAll(async () => {
        stack = use(
            await Stack.create("immutable", {
                settings: {
                    ...ADMIN,
                    "front.off": "false",
                    "ipAddresses[0]": HOST,
                    bindAddress: HOST,
                    "users.reader.password": { secret: READER.slice(7) },
                    "users.reader.role": "pull",
                    "users.team.password": { secret: TEAM.slice(5) },
                    "users.team.repositories[0]": "team/*",
                    'front.immutableTags["team/*"][0]': "v*",
                    'front.immutableTags["team/*"][1]': "1",
                    'front.immutableTags["*"][0]': "release-*.0",
                    "front.immutableTags.pinned[0]": "!latest",
                    "front.immutableTags.pinned[1]": "!nightly-*",
                    "front.immutableTags.strict[0]": "sha256-*",
                },
            }),
        );
        await stack.up();
        ca = await stack.output("caCertificatePem");
        client = await RegistryClient.of(stack, HOST);
        use({ dispose: async () => client.close() });
        address = `${HOST}:${stack.port}`;
    });

    test("the first image stays, and the same one may be pushed again", async () => {
        const [one, two] = [await image("team/app"), await image("team/app")];
        const first = await push("team/app", "v1", one);
        expect([first.status, first.headers["docker-content-digest"]]).toEqual([201, one.digest]);
        const again = await push("team/app", "v1", one);
        // What a client reads of the answer is what any other tag would have.
        const other = await push("team/app", "latest", one);
        const read = ({ status, headers, body }: Answer) => [
            status,
            ...["location", "docker-content-digest", "docker-distribution-api-version", "content-length"].map(
                (name) => headers[name],
            ),
            body,
        ];
        expect(read(again)).toEqual(read(other));
        const refused = await push("team/app", "v1", two);
        expect(refused.status).toBe(409);
        expect(refused.headers["content-type"]).toBe("application/json");
        expect(JSON.parse(refused.body)).toEqual({
            errors: [
                {
                    code: "DENIED",
                    message: `the tag v1 of team/app is immutable and stays ${one.digest}: push under another tag`,
                    detail: null,
                },
            ],
        });
        expect(await stored("team/app", "v1")).toBe(one.digest);
        // It may have any other name, and stand in the registry by its digest.
        expect((await push("team/app", two.digest, two)).status).toBe(201);
        expect((await push("team/app", "latest", two)).status).toBe(201);
        expect(await stored("team/app", "latest")).toBe(two.digest);
    });

    test.each([
        ["team/app", "v2", true],
        ["team/deep/er/app", "v2", true],
        ["team/app", "1", true],
        ["team/app", "11", false],
        ["team/app", "V2", false],
        ["team/app", "dev", false],
        ["teams/app", "v2", false],
        ["other", "release-1.0", true],
        ["other", "release-1.01", false],
        ["other/below", "release-.0", true],
        ["pinned", "any", true],
        ["pinned", "latest", false],
        ["pinned", "latest2", true],
        ["pinned", "nightly-3", false],
        ["pinned/below", "any", false],
        // Lists of attachments grow, unless a pattern begins as they do.
        ["pinned", ATTACHMENTS, false],
        ["pinned", `${ATTACHMENTS}.sig`, false],
        ["pinned", `${ATTACHMENTS}0`, true],
        ["strict", ATTACHMENTS, true],
        // A name that holds the word by which the API tells manifests.
        ["team/manifests/x", "v2", true],
    ])("%s:%s is immutable: %s", async (repository, tag, immutable) => {
        const [one, two] = [await image(repository), await image(repository)];
        expect((await push(repository, tag, one)).status).toBe(201);
        expect((await push(repository, tag, two)).status).toBe(immutable ? 409 : 201);
        expect(await stored(repository, tag)).toBe((immutable ? one : two).digest);
    });

    test("no other spelling, method or kind of manifest gets round it", async () => {
        const [one, two] = [await image("team/spelt"), await image("team/spelt")];
        expect((await push("team/spelt", "v1", one)).status).toBe(201);
        const index = manifestOf(INDEX, { manifests: [] });
        const path = "/v2/team/spelt/manifests/v1";
        const paths = [
            path,
            `${path}?`,
            `${path}?x=1&tag=v1`,
            `${path}?digest=${two.digest}`,
            `${path}#`,
            `${path}/`,
            `${path}%3A`,
            `${path}:`,
            path.replace("v1", "%761"),
            path.replace("v1", "%2576%31"),
            path.replace("/manifests/", "/manifests//"),
            path.replace("/manifests/", "/manifests/./"),
            path.replace("/manifests/", "%2Fmanifests%2F"),
            path.replace("team/", "team/x/../"),
            path.replace("/v2/", "/V2/"),
            path.replace("/spelt/", "/SPELT/"),
            `${path};x`,
        ];
        for (const method of ["PUT", "POST", "PATCH", "put", "MOVE", "COPY"])
            for (const target of paths)
                for (const { body, type } of [two, index, { ...two, type: INDEX }]) {
                    const status = await raw(method, target, body, {
                        "Content-Type": type,
                        "X-HTTP-Method-Override": "PUT",
                        "X-Original-URL": "/v2/team/spelt/manifests/free",
                        "X-Rewrite-URL": "/v2/team/spelt/manifests/free",
                    });
                    expect([method, target, status < 400]).toEqual([method, target, false]);
                    expect([method, target, await stored("team/spelt", "v1")]).toEqual([
                        method,
                        target,
                        one.digest,
                    ]);
                }
        // A tag by the digest of what is pushed, as newer registries may know.
        await push("team/spelt", `${two.digest}?tag=v1`, two);
        expect(await stored("team/spelt", "v1")).toBe(one.digest);
    });

    /** A request whose target and method go as they are. */
    const raw = (method: string, path: string, body: Buffer, headers: Record<string, string>) =>
        new Promise<number>((done, fail) => {
            const login = Buffer.from(`admin:${PASSWORD}`).toString("base64");
            const request = https.request({
                ...{ host: HOST, port: stack.port, ca, servername: DOMAIN, path },
                method: "PUT",
                headers: { Host: DOMAIN, Authorization: `Basic ${login}`, ...headers },
            });
            // Node makes capitals of it.
            request.method = method;
            request.on("error", fail).on("response", (response) => {
                response.resume().on("end", () => done(response.statusCode ?? 0));
            });
            request.end(body);
        });

    test("what the registry says of a first push is told, and roles and repositories count first", async () => {
        const broken = await push("team/first", "v1", { body: Buffer.from("{"), type: IMAGE, digest: "" });
        expect([broken.status, broken.body]).toEqual([400, expect.stringContaining("MANIFEST_INVALID")]);
        const lacking = manifestOf(IMAGE, {
            config: { mediaType: "a/b", digest: `sha256:${"0".repeat(64)}`, size: 1 },
            layers: [],
        });
        const unknown = await push("team/first", "v1", lacking);
        expect([unknown.status, unknown.body]).toEqual([
            400,
            expect.stringContaining("MANIFEST_BLOB_UNKNOWN"),
        ]);
        const large = manifestOf(IMAGE, { annotations: { x: "x".repeat(6_000_000) } });
        // Refused before all of it has come, so that its connection is closed.
        const apart = new RegistryClient(stack.port, ca, HOST, DOMAIN, false);
        use({ dispose: async () => apart.close() });
        expect((await push("team/first", "v1", large, undefined, apart)).status).toBe(413);
        const one = await image("team/first");
        expect((await push("team/first", "v1", one, READER)).status).toBe(403);
        expect((await push("team/first", "v1", one, "")).status).toBe(401);
        expect((await push("pinned", "v1", await image("pinned"), TEAM)).status).toBe(403);
        expect(await stored("team/first", "v1")).toBe("");
        expect((await push("team/first", "v1", one, TEAM)).status).toBe(201);
    });

    test("an index of several platforms, and what it names", async () => {
        const [amd, arm] = [await image("team/multi"), await image("team/multi")];
        const index = (...images: Manifest[]) =>
            manifestOf(INDEX, {
                manifests: images.map(({ digest, body, type }, i) => ({
                    ...{ mediaType: type, digest, size: body.length },
                    platform: { os: "linux", architecture: i === 0 ? "amd64" : "arm64" },
                })),
            });
        for (const one of [amd, arm]) expect((await push("team/multi", one.digest, one)).status).toBe(201);
        const both = index(amd, arm);
        expect((await push("team/multi", "v1", both)).status).toBe(201);
        expect((await push("team/multi", "v1", both)).status).toBe(201);
        // Not by the image that is in it for the platform that old clients are taken for, either.
        for (const another of [amd, arm, index(arm, amd), index(amd)])
            expect((await push("team/multi", "v1", another)).status).toBe(409);
        expect(await stored("team/multi", "v1")).toBe(both.digest);
    });

    test("a deleted tag is free again", async () => {
        const [one, two] = [await image("team/gone"), await image("team/gone")];
        await push("team/gone", "v1", one);
        const gone = await client.ask("/v2/team/gone/manifests/v1", { method: "DELETE" });
        expect(gone.status).toBe(202);
        expect((await push("team/gone", "v1", two)).status).toBe(201);
        expect((await push("team/gone", "v1", one)).status).toBe(409);
    });

    /** A push that comes again where it is told to, as clients do: on a busy machine the one before takes longer than it is waited for. */
    async function pushed(...args: Parameters<typeof push>): Promise<Answer> {
        for (let tries = 1; ; tries++) {
            const answer = await push(...args);
            if (answer.status !== 429 || tries === 5) return answer;
            expect(answer.headers["retry-after"]).toBe("1");
            await sleep(1_000);
        }
    }

    test("of many pushes at once one counts, also where clients break off", async () => {
        const client2 = await RegistryClient.of(stack, HOST);
        use({ dispose: async () => client2.close() });
        const statuses: Record<string, number> = {};
        for (let round = 0; round < 60; round++) {
            const tag = `v-race-${round}`;
            const images = [await image("team/race"), await image("team/race"), await image("team/race")];
            const [one, two, three] = images as [Manifest, Manifest, Manifest];
            const aborted = round % 2 === 0 ? undefined : abort("team/race", tag, three, round % 12);
            const answers = await Promise.all([
                pushed("team/race", tag, one),
                pushed("team/race", tag, two),
                ...(round % 3 === 0 ? [pushed("team/race", tag, one)] : []),
            ]);
            await aborted;
            const taken = answers.flatMap(({ status }, i) => (status === 201 ? [i === 1 ? two : one] : []));
            for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
            // Whoever was told that his image is there finds it there, and keeps it.
            const digests = new Set(taken.map(({ digest }) => digest));
            expect([round, digests.size <= 1]).toEqual([round, true]);
            const [winner] = digests;
            if (winner === undefined) expect(await stored("team/race", tag)).toBe(three.digest);
            else expect([round, await stored("team/race", tag)]).toEqual([round, winner]);
        }
        // Nobody is turned away for the other's sake but by what the tag has.
        expect(Object.keys(statuses).sort()).toEqual(["201", "409"]);
    });

    /** Sends a whole push, and breaks off after some milliseconds. */
    const abort = (repository: string, tag: string, { body, type }: Manifest, ms: number) =>
        new Promise<void>((done) => {
            const login = Buffer.from(`admin:${PASSWORD}`).toString("base64");
            const request = https.request({
                ...{ host: HOST, port: stack.port, ca, servername: DOMAIN, method: "PUT" },
                path: `/v2/${repository}/manifests/${tag}`,
                headers: { Host: DOMAIN, Authorization: `Basic ${login}`, "Content-Type": type },
            });
            request.on("error", () => undefined).on("close", () => done());
            request.end(body, () => setTimeout(() => request.destroy(), ms));
        });

    describe("clients", () => {
        let bench: PushBench;
        const local = use(new DockerClient());
        const tagged = (name: string, tag: string) => `${address}/team/${name}:${tag}`;

        beforeAll(async () => {
            const machine = thisMachine(resolve(__dirname, "..", ".."));
            const programs = {
                crane: await ensureClient(machine, "crane"),
                oras: await ensureClient(machine, "oras"),
            };
            bench = use(new PushBench(programs, address, ca));
            use({ dispose: () => distrustCa(address) });
            await trustCa(address, ca);
            await local.login(address, "admin", PASSWORD);
            for (const name of ["one", "two"]) {
                await docker("import", await layerFile(name), tagged("docker", name));
                use({
                    dispose: async () => void (await run("docker", ["rmi", "-f", tagged("docker", name)])),
                });
                await docker("save", "--output", bench.path(`${name}.tar`), tagged("docker", name));
            }
        }, 1_800_000);

        async function layerFile(name: string): Promise<string> {
            const file = bench.path(`${name}-layer.tar`);
            writeFileSync(
                file,
                await tar([{ path: "file", mode: 0o644, content: Buffer.from(name.repeat(9_000)) }]),
            );
            return file;
        }

        const PUSH: Record<string, (file: "one" | "two") => Promise<unknown>> = {
            docker: async (file) => {
                await local.must(["tag", tagged("docker", file), tagged("docker", "v1")]);
                return local.must(["push", tagged("docker", "v1")]);
            },
            skopeo: (file) =>
                bench.run(
                    ...["skopeo", "copy", "--insecure-policy", "--dest-cert-dir", bench.path("certs")],
                    ...[`docker-archive:${file}.tar`, `docker://${tagged("skopeo", "v1")}`],
                ),
            crane: (file) => bench.run("crane", "push", `${file}.tar`, tagged("crane", "v1")),
            oras: (file) =>
                bench.run(
                    "oras",
                    ...["push", "--annotation", "org.opencontainers.image.created=2026-01-01T00:00:00Z"],
                    ...[tagged("oras", "v1"), `${file}-layer.tar:application/octet-stream`],
                ),
        };

        test.each(Object.keys(PUSH))("%s shows why", async (name) => {
            const push = PUSH[name];
            await push?.("one");
            await push?.("one");
            const began = Date.now();
            const refused = await push?.("two").then(
                () => "taken",
                (error: Error) => error.message,
            );
            expect(refused).toContain(`the tag v1 of team/${name} is immutable and stays sha256:`);
            // None of them tries for long.
            expect(Date.now() - began).toBeLessThan(15_000);
        });
    });

    test("a registry that does not answer takes no push, and one that is back takes it", async () => {
        const one = await image("team/away");
        await docker("stop", stack.prefix);
        const refused = await push("team/away", "v1", one);
        await docker("start", stack.prefix);
        expect([refused.status, refused.body]).toEqual([503, expect.stringContaining("UNAVAILABLE")]);
        expect(refused.headers["retry-after"]).toBe("10");
        for (let i = 0; i < 100 && (await push("team/away", "v1", one)).status !== 201; i++)
            await new Promise((after) => setTimeout(after, 100));
        expect(await stored("team/away", "v1")).toBe(one.digest);
    });
});
