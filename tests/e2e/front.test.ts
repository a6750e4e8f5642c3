/** The nginx front: roles with docker and skopeo, what Docker needs of a proxy, further sites. */
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";

import { handshake, pemFile } from "./certificates";
import { cleanup } from "./cleanup";
import { docker, DockerClient, frontLog, outerAddress } from "./docker";
import { DISGUISED, READER, ROLES, TEAM } from "./front-cases";
import { RegistryClient } from "./http";
import { must, run, until } from "./run";
import { ADMIN, DOMAIN, freePort, PASSWORD, Stack } from "./stack";

const HOST = outerAddress();
const [DOCS, APP] = ["docs.e2e.test", "app.e2e.test"];
const password = (login: string) => login.slice(login.indexOf(":") + 1);

describe("a registry behind nginx", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    const seen: http.IncomingHttpHeaders[] = [];
    let stack: Stack;
    let registry: RegistryClient;
    let address: string;
    let caFile: string;
    let httpPort: number;
    let digest: string;

    beforeAll(async () => {
        const upstream = http.createServer((request, response) => {
            seen.push(request.headers);
            response.end("from the upstream");
        });
        await new Promise<void>((listening) => upstream.listen(0, "0.0.0.0", listening));
        use({ dispose: async () => void upstream.close() });
        const { port } = upstream.address() as { port: number };
        httpPort = await freePort();
        stack = use(
            await Stack.create("front", {
                settings: {
                    ...ADMIN,
                    "front.off": "false",
                    "users.reader.password": { secret: password(READER) },
                    "users.reader.role": "pull",
                    "users.team.password": { secret: password(TEAM) },
                    "users.team.repositories[0]": "team-a/*",
                    "front.httpPort": String(httpPort),
                    [`front.sites["${APP}"].upstream`]: `http://${HOST}:${port}`,
                    [`front.sites["${DOCS}"].folder`]: "docs",
                },
            }),
        );
        const sites = join(stack.folder, "sites");
        mkdirSync(join(sites, "docs"), { recursive: true });
        writeFileSync(join(sites, "docs", "index.html"), "from the folder");
        mkdirSync(join(sites, "docs", "guide"));
        writeFileSync(join(sites, "docs", "guide", "index.html"), "from a folder below");
        await run("chmod", ["-R", "a+rX", stack.folder]);
        await stack.configure({ "front.sitesFolder": sites });
        await stack.up();
        registry = await RegistryClient.of(stack);
        use({ dispose: async () => registry.close() });
        address = `localhost:${stack.port}`;
        caFile = pemFile(stack.folder, "ca.crt", await stack.output("caCertificatePem"));

        await client.login(address, "admin", PASSWORD);
        for (const name of ["team-a/app", "team-b/app"]) {
            await client.image(`${address}/${name}:1`, 20_000);
            const pushed = await client.must(["push", `${address}/${name}:1`]);
            if (name === "team-b/app") digest = /sha256:[0-9a-f]{64}/.exec(pushed)?.[0] ?? "";
        }
    });

    const status = async (login: string, method: string, path: string): Promise<number> =>
        (await registry.ask(path, { login, method })).status;
    const curl = (site: string, path: string, ...args: string[]) =>
        must("curl", [
            ...["-sS", "--path-as-is", "--cacert", caFile, "--resolve", `${site}:${stack.port}:127.0.0.1`],
            ...args,
            `https://${site}:${stack.port}${path}`,
        ]);

    test("the registry itself is in no network with a port of its own, and shows no change", async () => {
        const inspected = await docker(
            "inspect",
            "--format",
            "{{json .NetworkSettings.Ports}}",
            stack.prefix,
        );
        expect(inspected.trim()).not.toContain("HostPort");
        const listening = await docker("exec", stack.prefix, "cat", "/proc/net/tcp", "/proc/net/tcp6");
        // 5001 is 1389, the debug server on the loopback; the other one is Docker's name server, also there.
        for (const line of listening.split("\n").filter((one) => / 0A /.test(one)))
            expect(line).toMatch(/: 0[0-9A-F]00007F:/);
        await stack.up("--expect-no-changes");
        await stack.up("--expect-no-changes", "--refresh");
    });

    test.each(ROLES)("%s: %s %s is answered %i", async (login, method, path, expected) => {
        expect(await status(login, method, path)).toBe(expected);
    });

    test.each(DISGUISED)("a path in disguise leads nowhere: %s", async (path) => {
        const code = await curl(DOMAIN, path, "-o", "/dev/null", "-w", "%{http_code}", "-u", TEAM);
        expect(["400", "403", "404"]).toContain(code);
    });

    test("a layer is mounted from where the user may read, else it is uploaded", async () => {
        const manifest = JSON.parse((await registry.ask("/v2/team-b/app/manifests/1")).body) as {
            layers: { digest: string }[];
        };
        const layer = manifest.layers[0]?.digest ?? "";
        const mount = async (login: string, to: string, query: string, ...more: string[]) =>
            (
                await curl(
                    DOMAIN,
                    `/v2/${to}/blobs/uploads/?${query}`,
                    ...["-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "-u", login, ...more],
                )
            ).trim();
        const from = `mount=${layer}&from=`;
        expect(await mount(`admin:${PASSWORD}`, "team-a/mounted", `${from}team-b%2Fapp`)).toBe("201");
        expect(await mount(READER, "team-a/mounted", `${from}team-b/app`)).toBe("403");
        expect(await mount(TEAM, "team-a/again", `${from}team-a%2Fmounted`)).toBe("201");
        // Each of these would be a mount if the front and the registry read them differently.
        const disguised = ["from=team-b/app", "%66rom=team-b%2Fapp", "FROM=team-a/app&from=team-b/app"];
        for (const one of [
            ...disguised,
            "from=team-a/app&from=team-b/app",
            "from=team-b/app&from=team-a/app",
        ])
            expect(await mount(TEAM, "team-a/stolen", `mount=${layer}&${one}`)).toBe("202");
        const form = ["--data", `from=team-b/app&mount=${layer}`];
        expect(await mount(TEAM, "team-a/stolen", "", ...form)).toBe("202");
        expect(await status(TEAM, "HEAD", `/v2/team-a/stolen/blobs/${layer}`)).toBe(404);
    });

    test("docker pulls with the role pull, and is told when it may not push", async () => {
        await client.login(address, "reader", password(READER));
        await client.must(["pull", `${address}/team-b/app:1`]);
        const begun = Date.now();
        const push = await client.run(["push", `${address}/team-b/app:1`]);
        expect(push.code).not.toBe(0);
        expect(push.screen).toContain("denied: this request is denied to this user");
        // The words of the specification it would try again for 50 seconds.
        expect(Date.now() - begun).toBeLessThan(25_000);

        await client.login(address, "team", password(TEAM));
        await client.must(["push", `${address}/team-a/app:1`]);
        expect((await client.run(["pull", `${address}/team-b/app:1`])).screen).toContain("denied");
    });

    test("skopeo copies and deletes as the role allows", async () => {
        const certs = join(stack.folder, "certs");
        mkdirSync(certs);
        pemFile(certs, "ca.crt", await stack.output("caCertificatePem"));
        const [source, target] = [`docker://${address}/team-b/app:1`, `docker://${address}/team-a/copy:1`];
        const copy = (login: string) => [
            ...["copy", "--insecure-policy", "--src-cert-dir", certs, "--dest-cert-dir", certs],
            ...["--src-creds", READER, "--dest-creds", login, source, target],
        ];
        expect((await run("skopeo", copy(READER))).screen).toMatch(/denied/);
        await must("skopeo", copy(TEAM));
        const remove = (login: string) => ["delete", "--cert-dir", certs, "--creds", login, target];
        expect((await run("skopeo", remove(READER))).screen).toMatch(/denied/);
        await must("skopeo", remove(TEAM));
    });

    test("the access log tells who did what, as JSON, and no secret", async () => {
        const { requests, errors } = await frontLog(stack.prefix);
        const lines = requests.map((line) => JSON.parse(line) as Record<string, unknown>);
        const find = (wanted: Record<string, unknown>) =>
            lines.filter((line) => Object.entries(wanted).every(([key, value]) => line[key] === value));
        expect(find({ user: "admin", repository: "team-b/app", action: "push", status: 201 })).not.toEqual(
            [],
        );
        expect(find({ user: "reader", repository: "team-b/app", action: "pull", status: 200 })).not.toEqual(
            [],
        );
        expect(find({ user: "team", repository: "team-a/again", action: "mount" })).toHaveLength(1);
        expect(find({ user: "team", action: "delete", status: 202 })).not.toEqual([]);
        expect(find({ user: "reader", action: "delete", status: 403 })).not.toEqual([]);
        const push = find({ user: "admin", action: "push", method: "PATCH" })[0];
        expect(push?.bytesReceived).toBeGreaterThan(1000);
        for (const login of [READER, TEAM, `admin:${PASSWORD}`]) {
            for (const text of [requests.join("\n"), errors]) {
                expect(text).not.toContain(Buffer.from(login).toString("base64"));
                expect(text).not.toContain(password(login));
            }
        }
    });

    test("it speaks HTTP/2 and TLS 1.2 and 1.3 alone, and sends plain HTTP there", async () => {
        const protocol = ["-o", "/dev/null", "-w", "%{http_version} %{http_code}"];
        expect(await curl(DOMAIN, "/v2/", ...protocol)).toBe("2 401");
        const at = `127.0.0.1:${stack.port}`;
        for (const version of ["-tls1_2", "-tls1_3"])
            expect((await handshake(at, DOMAIN, caFile, version)).screen).toContain("Verify return code: 0");
        const old = await handshake(at, DOMAIN, caFile, "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0");
        expect(old.screen).toContain("tlsv1 alert protocol version");
        const plain = new RegistryClient(httpPort);
        const { status: code, headers } = await plain.ask("/v2/?x=1");
        plain.close();
        expect([code, headers.location]).toEqual([308, `https://${DOMAIN}:${stack.port}/v2/?x=1`]);
    });

    test("what Docker needs of a proxy is there", async () => {
        const refused = await registry.ask("/v2/", { login: "" });
        expect(refused.headers).toMatchObject({
            "docker-distribution-api-version": "registry/2.0",
            "www-authenticate": 'Basic realm="basic-realm"',
        });
        expect(JSON.parse(refused.body)).toMatchObject({ errors: [{ code: "UNAUTHORIZED" }] });
        const begun = await registry.ask("/v2/team-a/app/blobs/uploads/", {
            method: "POST",
            headers: {
                Forwarded: "host=evil",
                "X-Forwarded-Host": "evil.e2e.test",
                "X-Forwarded-Proto": "http",
            },
        });
        expect(begun.headers.location).toMatch(/^\/v2\/team-a\/app\/blobs\/uploads\//);
        expect(begun.headers["docker-distribution-api-version"]).toBe("registry/2.0");
    });

    test("further sites answer on the same port by name, with certificates of the same CA", async () => {
        expect(await curl(DOCS, "/")).toBe("from the folder");
        // nginx knows the container's port alone: what it redirects to by itself has none.
        expect(await curl(DOCS, "/guide", "-w", "%{redirect_url}", "-o", "/dev/null")).toBe(
            `https://${DOCS}:${stack.port}/guide/`,
        );
        expect(await curl(DOCS, "/guide", "-L")).toBe("from a folder below");
        expect(await curl(DOCS, "/../../etc/front/site.key", "-o", "/dev/null", "-w", "%{http_code}")).toBe(
            "400",
        );
        const forged = ["-H", "X-Forwarded-For: 203.0.113.9", "-H", "Forwarded: for=203.0.113.9"];
        expect(await curl(APP, "/path?x=1", ...forged)).toBe("from the upstream");
        expect(seen.at(-1)).toMatchObject({ host: `${APP}:${stack.port}`, "x-forwarded-proto": "https" });
        expect(JSON.stringify(seen.at(-1))).not.toContain("203.0.113.9");
    });

    test("guessing is answered 429 before it costs, and a login that is known goes on", async () => {
        await registry.ask("/v2/");
        const guesses = Array.from({ length: 60 }, (_, i) => status(`admin:wrong-${i}`, "GET", "/v2/"));
        const statuses = await Promise.all(guesses);
        expect(new Set(statuses)).toEqual(new Set([401, 429]));
        // One check a second is free again, and a busy machine may take that long.
        const limited = await until("a further guess is too many", async () => {
            const answer = await registry.ask("/v2/", { login: "admin:wrong" });
            return answer.status === 429 ? answer : undefined;
        });
        expect(Number(limited.headers["retry-after"])).toBeGreaterThan(0);
        expect((await registry.ask("/v2/")).status).toBe(200);
    });

    test("with anonymousPull anyone reads, and docker logs in and pushes all the same", async () => {
        await stack.configure({ "front.anonymousPull": "true" });
        await stack.up();
        for (const [method, path, expected] of [
            ["GET", "/v2/", 401],
            ["GET", "/v2/_catalog", 200],
            ["GET", "/v2/team-b/app/manifests/1", 200],
            ["POST", "/v2/team-b/app/blobs/uploads/", 401],
            ["DELETE", `/v2/team-b/app/manifests/${digest}`, 401],
        ] as const)
            expect([path, await status("", method, path)]).toEqual([path, expected]);

        const anyone = use(new DockerClient());
        const [image, other] = [`${address}/team-b/app:1`, `${address}/team-b/other:1`];
        await client.forget(image);
        await anyone.must(["pull", image]);
        await must("skopeo", ["inspect", "--tls-verify=false", "--no-creds", `docker://${image}`]);
        await anyone.image(other, 20_000);
        expect((await anyone.run(["push", other])).screen).toContain("log in to change something");
        expect((await anyone.login(address, "admin", "wrong")).code).not.toBe(0);
        expect(await anyone.login(address, "admin", PASSWORD)).toMatchObject({ code: 0 });
        await anyone.must(["push", other]);
        await anyone.login(address, "reader", password(READER));
        expect((await anyone.run(["push", other])).screen).toContain("denied");
    });
});
