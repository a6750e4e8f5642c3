/** What a new user gets: a front, without a word of it in the configuration. It holds under floods from one machine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";

import { cleanup } from "./cleanup";
import { docker, inspect } from "./docker";
import { CONTROLS, type Inspected } from "./cis";
import { RegistryClient } from "./http";
import { sleep, until } from "./run";
import { ADMIN, DOMAIN, Stack } from "./stack";

/** Bytes of the unfinished header of one connection. */
const HEADER = 900_000;

describe("the default set-up", () => {
    const use = cleanup();
    let stack: Stack;
    let registry: RegistryClient;
    let ca: string;

    beforeAll(async () => {
        // An empty value is none, here as everywhere.
        stack = use(await Stack.create("default", { settings: { ...ADMIN, front: "" } }));
        const begin = Date.now();
        await stack.up();
        process.stderr.write(`first deploy with a front: ${((Date.now() - begin) / 1000).toFixed(1)} s\n`);
        registry = await RegistryClient.of(stack);
        use({ dispose: async () => registry.close() });
        ca = await stack.output("caCertificatePem");
    });

    const containers = () => [stack.prefix, `${stack.prefix}-front`];

    /** MiB of each container. */
    async function memory(): Promise<number[]> {
        const text = await docker("stats", "--no-stream", "--format", "{{.MemUsage}}", ...containers());
        return text
            .trim()
            .split("\n")
            .map((line) => {
                const [, value, unit] = /^([\d.]+)([KMG])iB/.exec(line) ?? [];
                return Number(value) * ({ K: 1 / 1024, M: 1, G: 1024 }[unit ?? "M"] ?? NaN);
            });
    }

    async function loginMs(): Promise<number> {
        const begin = performance.now();
        expect((await registry.ask("/v2/")).status).toBe(200);
        return performance.now() - begin;
    }

    /** Usually at once. One may wait, since this machine has other work, and this process makes the flood. */
    function expectSoon(times: number[]): void {
        const sorted = [...times].sort((a, b) => a - b);
        expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(2000);
        expect(sorted.at(-1)).toBeLessThan(10_000);
    }

    const connect = (): Promise<tls.TLSSocket> =>
        new Promise((resolve, reject) => {
            const socket = tls.connect({ host: "127.0.0.1", port: stack.port, ca, servername: DOMAIN }, () =>
                resolve(socket),
            );
            // Once it is there, its end is what the test waits for.
            socket.on("error", reject).resume();
        });

    const allClosed = (sockets: tls.TLSSocket[]) =>
        until(
            "the front ends every connection",
            async () => (sockets.every(({ closed }) => closed) ? true : undefined),
            25_000,
        );

    async function expectUnharmed(): Promise<void> {
        for (const name of containers()) {
            const { State, RestartCount } = await inspect(name);
            expect([name, State.Running, RestartCount]).toEqual([name, true, 0]);
        }
    }

    test("nginx alone has the port, and a second up changes nothing", async () => {
        const [own, front] = await Promise.all(containers().map(inspect));
        const ports = (one: typeof own) => JSON.stringify(one?.HostConfig.PortBindings);
        expect(ports(own)).not.toContain(String(stack.port));
        expect(ports(front)).toContain(String(stack.port));
        expect((await registry.upload("a/b")).statuses).toEqual([202, 202, 201]);
        await stack.up("--expect-no-changes");
        process.stderr.write(`memory in MiB of registry and front: ${(await memory()).join(", ")}\n`);
    });

    test.each(Object.keys(CONTROLS))("CIS Docker %s holds for every container", async (control) => {
        const all = (
            await docker("ps", "--all", "--format", "{{.Names}}", "--filter", `name=^${stack.prefix}`)
        )
            .trim()
            .split("\n");
        expect(all).toHaveLength(5);
        for (const name of all) {
            const { only, holds } = CONTROLS[control] ?? {};
            if (only === "service" && !containers().includes(name)) continue;
            const [found] = JSON.parse(await docker("container", "inspect", name)) as [Inspected];
            expect([name, holds?.(found)]).toEqual([name, true]);
        }
    });

    test("docs/hardening.md calls set what is held here, and nothing else", () => {
        const page = readFileSync(join(__dirname, "../../docs/hardening.md"), "utf8");
        const rows = [...page.matchAll(/^\| (5\.\d+) *\|[^|]*\| set\b/gm)].map(([, control]) => control);
        expect(rows).toEqual(Object.keys(CONTROLS));
    });

    test("262 connections with 900 KB of an unfinished header each cost neither memory nor time", async () => {
        await loginMs();
        const sockets: tls.TLSSocket[] = [];
        const part = Buffer.from(`X-Filler: ${"x".repeat(8_000)}\r\n`);
        for (let i = 0; i < 262; i++) {
            const socket = await connect();
            sockets.push(socket);
            socket.write(`GET /v2/ HTTP/1.1\r\nHost: ${DOMAIN}\r\n`);
        }
        const limits = (await Promise.all(containers().map(inspect))).map(
            ({ HostConfig }) => Number(HostConfig.Memory) / 1024 / 1024,
        );
        const times: number[] = [];
        for (let sent = 0; sent < HEADER; sent += 20 * part.length) {
            for (const socket of sockets)
                if (socket.writable) for (let i = 0; i < 20; i++) socket.write(part);
            times.push(await loginMs());
        }
        expectSoon(times);
        const used = await memory();
        process.stderr.write(`memory in MiB under the flood: ${used.join(", ")} of ${limits.join(", ")}\n`);
        used.forEach((one, i) => expect(one).toBeLessThan(0.8 * (limits[i] ?? 0)));
        await allClosed(sockets);
        await expectUnharmed();
    });

    test("400 halves of a header are sent away within 20 seconds", async () => {
        const sockets = await Promise.all(Array.from({ length: 400 }, connect));
        for (const socket of sockets) socket.write("GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Half: ");
        const begin = Date.now();
        expectSoon([await loginMs(), await loginMs(), await loginMs()]);
        await allClosed(sockets);
        expect(Date.now() - begin).toBeLessThan(20_000);
        await expectUnharmed();
    });

    test("eight guessers do not keep a right login waiting", async () => {
        await loginMs();
        const end = Date.now() + 6_000;
        const guesser = async (i: number) => {
            const client = await RegistryClient.of(stack);
            for (let n = 0; Date.now() < end; n++) await client.ask("/v2/", { login: `admin:${i}-${n}` });
            client.close();
        };
        const guessers = Promise.all(Array.from({ length: 8 }, (_, i) => guesser(i)));
        const times: number[] = [];
        while (Date.now() < end) {
            times.push(await loginMs());
            await sleep(300);
        }
        await guessers;
        expectSoon(times);
        await expectUnharmed();
    });
});
