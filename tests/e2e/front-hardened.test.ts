/** The nginx front under requests that no honest client sends: bodies, schemes, names of users, hidden files, guessing. */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { pemFile } from "./certificates";
import { cleanup } from "./cleanup";
import { frontLog } from "./docker";
import { RegistryClient } from "./http";
import { must, run } from "./run";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "./stack";

const DOCS = "docs.e2e.test";
const READER = "reader:the reader's password";
const LARGE = randomBytes(3_000_000);

const basic = (login: string) => Buffer.from(login).toString("base64");

/** The same bytes without a length told beforehand. */
async function* chunked(data: Buffer): AsyncGenerator<Buffer> {
    for (let i = 0; i < data.length; i += 100_000) yield data.subarray(i, i + 100_000);
}

/** An answer may come before the end of the body, and the connection is of no use then. */
const ONCE = { Connection: "close" };

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

describe("a front under attack", () => {
    const use = cleanup();
    let stack: Stack;
    let registry: RegistryClient;
    let caFile: string;

    beforeAll(async () => {
        stack = use(
            await Stack.create("hardened", {
                settings: {
                    ...ADMIN,
                    // As a user has it: the time of a refused login is measured.
                    bcryptCost: "10",
                    "front.off": "false",
                    "front.anonymousPull": "true",
                    "front.attemptsPerMinute": "6000",
                    "users.ci.generate": "true",
                    "users.reader.password": { secret: READER.slice("reader:".length) },
                    "users.reader.role": "pull",
                    [`front.sites["${DOCS}"].folder`]: "docs",
                },
            }),
        );
        const docs = join(stack.folder, "sites", "docs");
        for (const folder of [".git", ".well-known", "sub/.svn", "sub/..hidden", "plain.d"])
            mkdirSync(join(docs, folder), { recursive: true });
        for (const file of [
            "index.html",
            ".git/config",
            ".env",
            ".well-known/security.txt",
            ".well-known/.key",
            "sub/.svn/entries",
            "sub/..hidden/file",
            "plain.d/a.b.txt",
        ])
            writeFileSync(join(docs, file), `this is ${file}`);
        symlinkSync("index.html", join(docs, "link"));
        await run("chmod", ["-R", "a+rX", stack.folder]);
        await stack.configure({ "front.sitesFolder": join(stack.folder, "sites") });
        await stack.up();
        registry = await RegistryClient.of(stack);
        use({ dispose: async () => registry.close() });
        caFile = pemFile(stack.folder, "ca.crt", await stack.output("caCertificatePem"));
    });

    const curl = (site: string, path: string, ...args: string[]) =>
        must("curl", [
            ...["-sS", "--path-as-is", "--cacert", caFile, "--resolve", `${site}:${stack.port}:127.0.0.1`],
            ...["-w", " %{http_code}", ...args, `https://${site}:${stack.port}${path}`],
        ]);

    const upload = async (login?: string) =>
        (await registry.ask("/v2/a/b/blobs/uploads/", { method: "POST", login })).headers.location ?? "";

    test.each([
        ["with a length", () => LARGE],
        ["in chunks", () => chunked(LARGE)],
    ])("a body of 3 MB %s goes to the registry", async (_, body) => {
        const patched = await registry.ask(await upload(), { method: "PATCH", headers: ONCE, body: body() });
        expect(patched.status).toBe(202);
        const digest = `sha256:${createHash("sha256").update(LARGE).digest("hex")}`;
        const whole = await registry.ask(`${await upload()}&digest=${digest}`, {
            method: "PUT",
            headers: ONCE,
            body: body(),
        });
        expect(whole.status).toBe(201);
        const manifest = await registry.ask("/v2/a/b/manifests/1", {
            method: "PUT",
            headers: ONCE,
            body: body(),
        });
        expect([manifest.status, manifest.body]).toEqual([400, expect.stringContaining("MANIFEST_INVALID")]);
    });

    test.each([
        ["", 401],
        ["admin:wrong", 401],
        ["nobody:wrong", 401],
        [READER, 403],
    ])("a body of 3 MB with the login %p is answered %i", async (login, status) => {
        const wrongPath = "/v2/a/b/blobs/uploads/some-upload?_state=x";
        for (const body of [LARGE, undefined])
            for (const [method, path] of [
                ["PATCH", wrongPath],
                ["PUT", wrongPath],
                ["POST", "/v2/a/b/blobs/uploads/"],
                ["PUT", "/v2/a/b/manifests/1"],
            ] as const) {
                const answer = await registry.ask(path, {
                    method,
                    login,
                    headers: ONCE,
                    body: body ?? chunked(LARGE),
                });
                expect([method, path, answer.status]).toEqual([method, path, status]);
            }
    });

    test.each(["Basic", "basic", "BASIC", "bAsIc", "Bearer", "bearer", "BEARER"])(
        "the scheme %s is known in any case",
        async (scheme) => {
            const ask = async (login: string) =>
                (
                    await registry.ask("/v2/a/b/blobs/uploads/", {
                        method: "POST",
                        login: "",
                        headers: { Authorization: `${scheme} ${login}` },
                    })
                ).status;
            expect(await ask(basic(`admin:${PASSWORD}`))).toBe(202);
            expect(await ask(basic("admin:wrong"))).toBe(401);
            expect(await ask(` ${basic(`admin:${PASSWORD}`)} `)).toBe(202);
        },
    );

    test.each(["Basic", "basic", "BASIC"])(
        "/token takes %s for a login, never for nobody",
        async (scheme) => {
            const ask = (credentials: string) =>
                registry.ask("/token?service=registry", {
                    login: "",
                    headers: { Authorization: `${scheme} ${credentials}` },
                });
            const right = await ask(basic(READER));
            expect(JSON.parse(right.body)).toMatchObject({ token: basic(READER) });
            for (const wrong of [basic("reader:wrong"), "anonymous", "", "!!!", `${basic(READER)}=`])
                expect([wrong, (await ask(wrong)).status]).toEqual([wrong, 401]);
        },
    );

    test("a repository's name of 6000 characters is answered 400, as registries do", async () => {
        for (const name of ["a".repeat(6000), "a".repeat(256), `a/${"b".repeat(254)}`]) {
            const { status, body } = await registry.ask(`/v2/${name}/tags/list`);
            expect([status, JSON.parse(body)]).toMatchObject([400, { errors: [{ code: "NAME_INVALID" }] }]);
        }
        // What the registry itself says of a name that it takes.
        expect((await registry.ask(`/v2/${"a".repeat(200)}/tags/list`)).body).toContain("NAME_UNKNOWN");
    });

    test.each([
        ["/.git/config", 404],
        ["/.env", 404],
        ["/%2eenv", 404],
        ["/%2Egit/config", 404],
        ["/sub/.svn/entries", 404],
        ["/sub/..hidden/file", 404],
        ["/.well-known/.key", 404],
        ["/sub/.well-known/security.txt", 404],
        ["/plain.d/%0a", 404],
        ["/link", 404],
        ["/", 200],
        ["/.well-known/security.txt", 200],
        ["/plain.d/a.b.txt", 200],
    ])("a site's folder: %s is answered %i", async (path, status) => {
        const answer = await curl(DOCS, path);
        expect(answer).toMatch(new RegExp(` ${status === 404 ? "40[34]" : status}$`));
        if (status === 200) expect(answer).toContain("this is ");
        else expect(answer).not.toContain("this is ");
    });

    test("no client writes a line of its own into a log, or a command to the terminal that shows it", async () => {
        const evil = ["\n{}", "\u001b[31m", "\u007f", "\u009b31m", "\r\n2026/01/01 forged", "\t", "\u0001"];
        for (const text of evil)
            for (const name of [text, `a${text}`, `ab${text}`, `abc${text}d`])
                for (const scheme of ["Basic", "Bearer"])
                    for (const path of ["/v2/", "/token"]) {
                        const headers = { Authorization: `${scheme} ${basic(`${name}:password`)}` };
                        const { status } = await registry.ask(path, { login: "", headers });
                        expect([name, path, status]).toEqual([name, path, 401]);
                    }
        for (const site of [DOMAIN, DOCS])
            for (const [path, ...args] of [
                ["/v2/%0a1/tags/list"],
                ["/%0a2026/01/01%20forged"],
                ["/link/%1b%5b31m"],
                ["/%c2%9b31m"],
                ["/v2/%c2%9b31m/tags/list"],
                ["/link", "-H", "Referer: \u001b[31m"],
                ["/link", "-H", "User-Agent: \u009b31m\u001b[31m"],
                ["/v2/", "-H", "Host: a\u009b.example"],
                ["/link", "-H", 'Referer: http://x/", request: "forged'],
            ] as const)
                await curl(site, path, ...args, "-o", "/dev/null");
        const { requests, errors } = await frontLog(stack.prefix);
        const keys = ["time", "client", "user", "host", "method", "path", "repository", "action", "status"];
        for (const line of requests)
            expect(Object.keys(JSON.parse(line) as object)).toEqual(expect.arrayContaining(keys));
        expect(requests.join("") + errors.replaceAll("\n", "")).toMatch(/^[ -~]*$/);
        for (const line of errors.split("\n").filter(Boolean))
            expect(line).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#\d+: /);
        expect(errors).not.toContain('user "');
    });

    test("the time of a refused login does not tell whether the user is there", async () => {
        const times: Record<string, number[]> = { admin: [], ci: [], reader: [], nobody: [], "admin ": [] };
        for (let i = 0; i < 9; i++)
            for (const [name, list] of Object.entries(times)) {
                const begin = performance.now();
                const { status } = await registry.ask("/v2/", { login: `${name}:wrong-${i}` });
                list.push(performance.now() - begin);
                expect(status).toBe(401);
            }
        const medians = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
        process.stderr.write(`refused logins, median ms: ${JSON.stringify(medians)}\n`);
        const values = Object.values(medians);
        expect(Math.max(...values) / Math.min(...values)).toBeLessThan(2.5);
    });
});
