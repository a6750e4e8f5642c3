/** Mirrors and what lies outside: what they forget, what they cannot reach, and the ways by which they reach it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createHttp, type IncomingHttpHeaders, request } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";

import { cleanup } from "./cleanup";
import { bridgeAddress, docker, inspect } from "./docker";
import { type Answer, RegistryClient } from "./http";
import { sleep } from "./run";
import { freePort } from "./stack";
import { Upstream } from "./upstream";
import { User } from "./user";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const LAYER = Buffer.alloc(3_000_000, "layer ");
const digestOf = (bytes: Buffer | string) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const PASSWORD = "hunter2hunter2";

describe("mirrors and what lies outside", () => {
    const use = cleanup();
    const upstream = new Upstream();
    const user = new User("out");
    const ports: Record<string, number> = {};
    /** Requests that came through the proxy. */
    const proxied: IncomingHttpHeaders[] = [];
    /** As every container reaches this machine. */
    let here: string;
    let screen: string;
    let ca: string;

    const listening = async (server: Server, port = 0): Promise<number> => {
        const sockets = new Set<Socket>();
        server.on("connection", (socket: Socket) => void sockets.add(socket));
        use({
            dispose: async () => {
                server.close();
                for (const socket of sockets) socket.destroy();
            },
        });
        await new Promise<void>((done) => server.listen(port, here, done));
        return (server.address() as { port: number }).port;
    };

    /** An image of a configuration of its own and the layer of all. */
    async function push(client: RegistryClient, repository: string): Promise<void> {
        const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", repository }));
        for (const blob of [config, LAYER])
            await client.upload(
                repository,
                (async function* () {
                    yield blob;
                })(),
            );
        const descriptor = (mediaType: string, bytes: Buffer) => ({
            mediaType,
            digest: digestOf(bytes),
            size: bytes.length,
        });
        const manifest = JSON.stringify({
            schemaVersion: 2,
            mediaType: MANIFEST,
            config: descriptor("application/vnd.oci.image.config.v1+json", config),
            layers: [descriptor("application/vnd.oci.image.layer.v1.tar", LAYER)],
        });
        const { status } = await client.ask(`/v2/${repository}/manifests/1`, {
            method: "PUT",
            headers: { "Content-Type": MANIFEST },
            body: Buffer.from(manifest),
        });
        expect(status).toBe(201);
    }

    const mirror = (name: string) => new RegistryClient(ports[name] ?? 0, ca, "127.0.0.1", "localhost");

    /** What a client pulls of an image: its manifest and its layer. */
    async function pull(name: string, repository: string): Promise<Answer[]> {
        const client = mirror(name);
        try {
            const ask = (path: string) =>
                client.ask(`/v2/${repository}/${path}`, { login: "", headers: { Accept: MANIFEST } });
            return [await ask("manifests/1"), await ask(`blobs/${digestOf(LAYER)}`)];
        } finally {
            client.close();
        }
    }

    beforeAll(async () => {
        here = await bridgeAddress();
        use(user);
        use(upstream);
        await upstream.start();
        const target = Number(upstream.address.split(":")[1]);
        // The upstream at an address that containers reach.
        const at = await listening(
            createServer((socket) => {
                const there = connect(target, "127.0.0.1");
                for (const end of [socket, there]) end.on("error", () => (socket.destroy(), there.destroy()));
                socket.pipe(there).pipe(socket);
            }),
        );
        // Knows a host that no name server knows.
        const proxy = await listening(
            createHttp((incoming, answer) => {
                proxied.push(incoming.headers);
                const { pathname, search, hostname } = new URL(incoming.url ?? "");
                if (hostname !== "behind-the-proxy.invalid") return void answer.writeHead(502).end();
                const { method, headers } = incoming;
                const path = pathname + search;
                const onward = request({ port: target, method, path, headers }, (response) => {
                    answer.writeHead(response.statusCode ?? 500, response.headers);
                    response.pipe(answer);
                });
                incoming.pipe(onward);
            }),
        );
        const client = new RegistryClient(target);
        for (const repository of ["team/one", "team/two"]) await push(client, repository);
        client.close();
        for (const name of ["brief", "named", "proxied", "lost"]) ports[name] = await freePort();
        user.configure([
            "domain: localhost",
            `port: "${await freePort()}"`,
            "bindAddress: 127.0.0.1",
            "front: false",
            "users: { admin: { generate: true } }",
            `extraHosts: { upstream.named.invalid: "${here}" }`,
            `proxy: { http: "http://robot:${PASSWORD}@${here}:${proxy}", none: [upstream.named.invalid, "${here}"] }`,
            `mirrors: { ${[
                `brief: { upstream: "http://${here}:${at}", port: ${ports.brief}, ttl: 8s, keepData: false }`,
                `named: { upstream: "http://upstream.named.invalid:${at}", port: ${ports.named}, keepData: false }`,
                `proxied: { upstream: "http://behind-the-proxy.invalid", port: ${ports.proxied}, keepData: false }`,
                `lost: { upstream: "https://no-such-host.invalid", port: ${ports.lost}, keepData: false }`,
            ].join(", ")} }`,
        ]);
        const { code, screen: shown } = await user.npm("up");
        if (code !== 0) throw new Error(shown);
        screen = shown;
        ca = readFileSync(/^CA certificate: +(\S+)/m.exec(shown)?.[1] ?? "", "utf8");
    }, 300_000);

    test("`npm run up` warns of the one upstream that is not reached, with the reason and the ways out", () => {
        expect(screen.match(/does not reach/g)).toHaveLength(1);
        expect(screen).toMatch(
            /The mirror lost does not reach https:\/\/no-such-host\.invalid: .*no such host.*proxy\.https.*extraHosts.*dnsServers/,
        );
        expect(screen).not.toContain(PASSWORD);
    });

    test("so do `npm run mirrors` and the doctor", async () => {
        const report = await user.npm("mirrors");
        expect(report.code).toBe(1);
        expect(report.screen).toMatch(/The mirror lost does not reach/);
        expect(report.screen).not.toMatch(/The mirror (brief|named|proxied) does not/);
        const doctor = await user.npm("doctor");
        expect(doctor.screen).toMatch(/^ok +mirror named: reaches/m);
        expect(doctor.screen).toMatch(
            /^warning +mirror lost: does not reach https:\/\/no-such-host\.invalid: /m,
        );
    });

    test("a name of extraHosts is found", async () => {
        expect((await pull("named", "team/one")).map(({ status }) => status)).toEqual([200, 200]);
    });

    test("an upstream behind the proxy is reached, and the proxy gets its login", async () => {
        const before = proxied.length;
        expect((await pull("proxied", "team/one")).map(({ status }) => status)).toEqual([200, 200]);
        expect(proxied.length).toBeGreaterThan(before);
        const login = `Basic ${Buffer.from(`robot:${PASSWORD}`).toString("base64")}`;
        expect(proxied.at(-1)?.["proxy-authorization"]).toBe(login);
    });

    test("the proxy's login stands in no container, and not in the state", async () => {
        for (const name of ["", "-mirror-proxied"])
            expect(JSON.stringify(await inspect(`${user.prefix}${name}`))).not.toContain(PASSWORD);
        const names = (
            await docker("ps", "--all", "--format", "{{.Names}}", "--filter", `name=${user.prefix}`)
        ).trim();
        for (const name of names.split("\n"))
            expect(JSON.stringify(await inspect(name))).not.toContain(PASSWORD);
    });

    test("a layer that two images share is whole at every moment, also when the first image's time is over", async () => {
        await pull("brief", "team/one");
        await sleep(4_000);
        await pull("brief", "team/two");
        // The first image's entry ends after 8 s, the second's after 12.
        for (const end = Date.now() + 12_000; Date.now() < end;) {
            const [manifest, layer] = await pull("brief", "team/two");
            expect(manifest?.status).toBe(200);
            expect(layer?.status).toBe(200);
            expect(layer?.headers["content-length"]).toBe(String(LAYER.length));
            expect(layer?.body.length).toBe(LAYER.length);
            await sleep(400);
        }
    });
});
