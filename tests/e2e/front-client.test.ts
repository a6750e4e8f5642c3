/** The installers at the front: one line sets a new client up, and fetches exactly what it pins. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { certificateFingerprint, textFingerprint } from "../../clients/installer";

import { cleanup } from "./cleanup";
import { docker, frontLog, inspect } from "./docker";
import { type Answer, RegistryClient, type Request } from "./http";
import { must, type Result, run } from "./run";
import { ADMIN, DOMAIN, freePort, PASSWORD, Stack } from "./stack";

const START = resolve(__dirname, "../../setup/start.cjs");
const FILES = ["client.sh", "client.ps1"];
const GUEST = "the guest's password";

describe("installers at a front", () => {
    const use = cleanup();
    let stack: Stack;
    let root: string;
    let caFile: string;
    let address: string;
    /** What `npm run client` wrote. */
    let texts: Record<string, string>;
    let printed: string;

    const npm = (...args: string[]): Promise<Result> =>
        run(process.execPath, [START, ...args, "--stack", stack.name], { env: stack.env });
    const front = () => `${stack.prefix}-front`;

    async function ask(path: string, request: Request = {}): Promise<Answer> {
        const client = await RegistryClient.of(stack);
        try {
            return await client.ask(path, { login: "", ...request });
        } finally {
            client.close();
        }
    }

    /** Has `npm run client` write the installers, and print the lines for them. */
    async function write(): Promise<void> {
        const out = join(stack.folder, "out");
        const { code, stdout, screen } = await npm("client", "--for", "docker", "--out", out);
        expect({ code, screen }).toMatchObject({ code: 0 });
        printed = screen;
        texts = Object.fromEntries(FILES.map((name) => [name, readFileSync(join(out, name), "utf8")]));
        for (const name of FILES) expect(stdout).toContain(textFingerprint(texts[name] ?? ""));
    }

    async function expectServed(): Promise<void> {
        for (const name of FILES) {
            const { status, body } = await ask(`/${name}`);
            expect({ status, body }).toEqual({ status: 200, body: texts[name] });
        }
    }

    const oneLine = async (): Promise<string | undefined> =>
        (await stack.output<Record<string, string>>("clientSetup")).oneLine;

    /**
     * Runs a line to the letter, as a client whose DNS knows the registry. Its sudo changes nothing outside of the
     * test's folder.
     */
    const runLine = (line: string | undefined): Promise<Result> =>
        run("sh", ["-c", line ?? "exit 99"], {
            env: {
                ...process.env,
                HOME: stack.folder,
                CURL_HOME: stack.folder,
                TMPDIR: stack.folder,
                PATH: `${join(stack.folder, "bin")}:${process.env.PATH}`,
            },
        });

    beforeAll(async () => {
        const mirrorPort = await freePort();
        stack = use(
            await Stack.create("front-client", {
                settings: {
                    ...ADMIN,
                    "front.off": "false",
                    "users.guest.password": { secret: GUEST },
                    // One on a port and one under a name, in an order that is not that of their endpoints.
                    "mirrors.zeta.upstream": "https://ghcr.io",
                    "mirrors.alpha.upstream": "https://registry-1.docker.io",
                    "mirrors.alpha.port": String(mirrorPort),
                },
            }),
        );
        address = `${DOMAIN}:${stack.port}`;
        root = join(stack.folder, "root");
        caFile = join(root, "etc/docker/certs.d", address, "ca.crt");
        mkdirSync(join(root, "etc/docker"), { recursive: true });
        mkdirSync(join(stack.folder, "bin"));
        const sudo = join(stack.folder, "bin/sudo");
        writeFileSync(sudo, `#!/bin/sh\nexec "$@" --root '${root}'\n`);
        chmodSync(sudo, 0o755);
        writeFileSync(join(stack.folder, ".curlrc"), `resolve = "${address}:127.0.0.1"\n`);
        await stack.up();
        await write();
    });

    test("anyone gets them, byte for byte as `npm run client` pins them", async () => {
        await expectServed();
        for (const name of FILES) {
            const head = await ask(`/${name}`, { method: "HEAD" });
            expect(head).toMatchObject({
                status: 200,
                headers: {
                    "content-type": "text/plain; charset=utf-8",
                    "content-length": String(Buffer.byteLength(texts[name] ?? "")),
                    "x-content-type-options": "nosniff",
                    "cache-control": "no-store",
                },
            });
        }
        expect(texts["client.sh"]).toContain(`https://zeta.${DOMAIN}:${stack.port}`);
        await stack.up("--expect-no-changes");
    });

    test("they hold the CA and no secret", async () => {
        const caPem = await stack.output("caCertificatePem");
        const passwords = Object.values(await stack.output<Record<string, string>>("passwords"));
        expect(passwords).toEqual([PASSWORD, GUEST]);
        for (const text of Object.values(texts)) {
            expect(text).toContain(caPem.trim());
            expect(text).toContain(certificateFingerprint(caPem));
            for (const secret of [...passwords, "PRIVATE KEY", "$2y$"]) expect(text).not.toContain(secret);
        }
    });

    test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s is refused", async (method) => {
        for (const name of FILES) {
            const { status, headers } = await ask(`/${name}`, { method });
            expect([status, headers.allow]).toEqual([405, "GET, HEAD"]);
        }
    });

    test.each([
        "/site.key",
        "/site.crt",
        "/htpasswd",
        "/nginx.conf",
        "/client.sh/",
        "/client.sh/../site.key",
        "/etc/front/client.sh",
    ])("nothing else of the front's folder is there: %s", async (path) => {
        const args = ["-sSk", "--path-as-is", "--resolve", `${address}:127.0.0.1`];
        const answer = await must("curl", [...args, "-w", " %{http_code}", `https://${address}${path}`]);
        expect(answer).toMatch(/"UNSUPPORTED".* 404$/);
    });

    test("a wrong login changes nothing, and counts as no attempt", async () => {
        const client = await RegistryClient.of(stack);
        const login = "admin:wrong";
        const answers = await Promise.all(
            Array.from({ length: 80 }, () => client.ask("/client.sh", { login })),
        );
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
        expect((await client.ask("/v2/")).status).toBe(200);
        client.close();
        const { requests } = await frontLog(stack.prefix);
        expect(requests.find((line) => line.includes('"path":"/client.sh"'))).toContain('"status":200');
    });

    test("the printed line sets a client up as it stands there", async () => {
        const line = await oneLine();
        // The titles go to another stream, so that they may come before or between the lines.
        expect(printed).toContain("A new client with Linux or macOS needs this one line:\n");
        expect(printed).toContain(`${line}\n`);
        expect(printed).toContain("A new client with Windows needs this one line:\n");
        const { code, screen } = await runLine(line);
        expect({ code, screen }).toMatchObject({ code: 0 });
        const caPem = await stack.output("caCertificatePem");
        expect(screen).toContain(`CA SHA-256 ${certificateFingerprint(caPem)}`);
        expect(readFileSync(caFile, "utf8").trim()).toBe(caPem.trim());
        // The Docker Hub mirror among what the client now knows.
        const daemon = JSON.parse(readFileSync(join(root, "etc/docker/daemon.json"), "utf8")) as object;
        expect(Object.keys(daemon)).toEqual(["registry-mirrors"]);
    });

    test("other users and anonymous pulls leave them as they are", async () => {
        const before = await inspect(front());
        await stack.unset("users.guest");
        await stack.configure({ "front.anonymousPull": "true" });
        await stack.up();
        await expectServed();
        expect((await ask("/client.sh", { method: "POST" })).status).toBe(405);
        expect((await inspect(front())).Id).toBe(before.Id);
    });

    test("a new CA is in them by reload, and the line for the former one changes nothing on a client", async () => {
        const before = await inspect(front());
        const [former, line, trusted] = [texts, await oneLine(), readFileSync(caFile, "utf8")];
        await stack.configure({ "tls.ownCa.keyAlgorithm": "ECDSA-P256" });
        await stack.up();
        const after = await inspect(front());
        expect([after.Id, after.State.StartedAt]).toEqual([before.Id, before.State.StartedAt]);

        const refused = await runLine(line);
        expect(refused.code).not.toBe(0);
        expect(refused.screen).toContain("client.sh: FAILED");
        expect(readFileSync(caFile, "utf8")).toBe(trusted);

        await write();
        expect(texts["client.sh"]).not.toBe(former["client.sh"]);
        await expectServed();
        expect(await runLine(await oneLine())).toMatchObject({ code: 0 });
        const caPem = await stack.output("caCertificatePem");
        expect(readFileSync(caFile, "utf8").trim()).toBe(caPem.trim());
        expect(trusted.trim()).not.toBe(caPem.trim());
    });

    test("front.clientInstaller: false takes them away, by reload", async () => {
        const before = await inspect(front());
        await stack.configure({ "front.clientInstaller": "false" });
        await stack.up();
        for (const name of FILES) expect((await ask(`/${name}`)).status).toBe(404);
        expect((await inspect(front())).Id).toBe(before.Id);
        expect(await docker("exec", front(), "ls", "/etc/front")).not.toContain("client.");
        expect(await oneLine()).toBeUndefined();
        await write();
        expect(printed).toContain("The registry does not serve the installers itself; where they are served");
    });
});
