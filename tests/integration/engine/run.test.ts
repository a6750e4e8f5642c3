/** What runs in containers of the real Docker Engine, what is put into them, and what it pulls with a login. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { connect, type Engine } from "../../../engine/client";
import { pull } from "../../../engine/images";
import { exec, logsOf, runToEnd } from "../../../engine/run";
import { readTar, tar } from "../../../engine/tar";

const NAME = `pu-${randomBytes(4).toString("hex")}`;
const IMAGE = `${NAME}:1`;
const docker = (...args: string[]) =>
    execFileSync("docker", args, { encoding: "utf8", stdio: "pipe" }).trim();
let engine: Engine;

beforeAll(async () => {
    const busybox = execFileSync("readlink", ["-f", "/bin/busybox"], { encoding: "utf8" }).trim();
    const script = `tar -C / -c --transform 's,.*,bin/busybox,' '${busybox}' | docker import - ${IMAGE}`;
    execFileSync("sh", ["-c", script], { stdio: "pipe" });
    engine = await connect();
}, 60_000);
afterAll(() => {
    docker("rm", "-f", ...[1, 2, 3, 4].map((n) => `${NAME}-${n}`));
    docker("rmi", IMAGE);
});

const create = (n: number, script: string, more: object = {}) =>
    engine.createContainer({
        name: `${NAME}-${n}`,
        Image: IMAGE,
        Cmd: ["/bin/busybox", "sh", "-c", script],
        HostConfig: { NetworkMode: "none", ...more },
    });

test("a container is run to its end, and tells its lines and its exit code though no log is kept", async () => {
    await create(1, "echo one; echo twö >&2; printf three; exit 7", {
        LogConfig: { Type: "none", Config: {} },
    });
    const lines: string[] = [];
    expect(await runToEnd(engine, `${NAME}-1`, (line) => lines.push(line))).toBe(7);
    expect(lines.sort()).toEqual(["one", "three", "twö"]);
    // There is none: nobody waits for ever.
    await expect(runToEnd(engine, `${NAME}-none`, () => undefined)).rejects.toThrow(/No such container/);
}, 60_000);

test("much output comes whole", async () => {
    await create(2, "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i + 1)); done");
    let count = 0;
    const odd: string[] = [];
    expect(
        await runToEnd(engine, `${NAME}-2`, (line) => {
            if (line !== `line ${count++}`) odd.push(line);
        }),
    ).toBe(0);
    expect([count, odd]).toEqual([20_000, []]);
    expect((await logsOf(engine, `${NAME}-2`, false)).split("\n")).toHaveLength(20_001);
}, 60_000);

test("a command in a container gives what it prints, and what it complains of where that is asked for", async () => {
    const container = await create(3, "sleep 600");
    const run = (options?: { stderr: boolean }) =>
        exec(engine, `${NAME}-3`, ["/bin/busybox", "sh", "-c", "echo öut; echo err >&2"], options);
    await expect(run()).rejects.toThrow(/is not running/);
    await container.start();
    // Already so.
    await container.start();
    expect(await run()).toBe("öut\n");
    expect((await run({ stderr: true })).split("\n").sort()).toEqual(["", "err", "öut"]);
    await container.stop({ t: 0 });
    await container.stop({ t: 0 });
}, 60_000);

test("files go into a container that does not run, and come back, whatever length their path has", async () => {
    const container = await create(4, "true");
    const deep = `${"folder/".repeat(40)}file`;
    const files = { "a.txt": "short", [deep]: "deep", "größe.txt": "ü" };
    const entries = Object.entries(files).map(([path, text]) => ({
        path,
        mode: 0o640,
        content: Buffer.from(text),
        owner: 200,
    }));
    await container.putArchive(await tar(entries), { path: "/" });
    for (const [path, text] of Object.entries(files)) {
        const archive = await container.getArchive({ path: `/${path}` });
        const [content] = [...(await readTar(archive, () => true)).values()];
        expect(String(content)).toBe(text);
    }
}, 60_000);

test("the Engine takes a login to the registry, whatever bytes its password has", async () => {
    const seen: (string | undefined)[] = [];
    // As much of a registry as asks for a login.
    const registry = createServer((request, response) => {
        if (request.headers.authorization) seen.push(request.headers.authorization);
        response.writeHead(401, { "WWW-Authenticate": 'Basic realm="test"' }).end();
    });
    await new Promise<void>((done) => registry.listen(0, "127.0.0.1", done));
    const host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
    try {
        // Each length of what base64 fills up, and letters whose code has its two special characters.
        for (const password of ["a", "ab", "abc", "abcd", "~~~???>>>", "ÿþ¿¾ü"]) {
            seen.length = 0;
            const login = { username: "me", password, serveraddress: host };
            await expect(pull(engine, `${host}/team/app:1`, { login })).rejects.toThrow(/./);
            expect(Buffer.from(seen[0]?.replace("Basic ", "") ?? "", "base64").toString()).toBe(
                `me:${password}`,
            );
        }
    } finally {
        registry.closeAllConnections();
        await new Promise((done) => registry.close(done));
    }
}, 60_000);
