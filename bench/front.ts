/** How fast the nginx front is, as ratios to the registry itself over its own TLS. Loopback alone, few connections. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { RegistryClient } from "../tests/e2e/http";
import { must } from "../tests/e2e/run";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "../tests/e2e/stack";

import { format, spread } from "./measure";

const SECONDS = 4;
const ROUNDS = 5;
const LARGE_MB = 256;
const SMALL_BYTES = 65_536;

const print = (text: string) => void process.stdout.write(`${text}\n`);

interface Target {
    stack: Stack;
    client: RegistryClient;
    caFile: string;
    login: string;
    large: string;
    small: string;
}

const url = ({ stack }: Target, path: string) => `https://127.0.0.1:${stack.port}/v2/${path}`;

/**
 * Answers a second, with connections that stay. From ApacheBench, which comes with htpasswd: a client in Node would take more of the
 * machine than the servers.
 */
async function rate(target: Target, path: string, clients: number): Promise<number> {
    const login = target.login === "" ? [] : ["-A", target.login];
    const args = ["-q", "-k", "-c", String(clients), "-t", String(SECONDS), "-n", "1000000"];
    const text = await must("ab", [...args, ...login, url(target, path)]);
    const [, each] = /^Requests per second: +([\d.]+)/m.exec(text) ?? [];
    if (each === undefined || /^Non-2xx/m.test(text)) throw new Error(`ab ${path}:\n${text}`);
    return Number(each);
}

/** MB/s of one large blob to the registry. */
async function push({ client }: Target): Promise<{ digest: string; speed: number }> {
    const part = randomBytes(1 << 20);
    const parts = async function* () {
        for (let i = 0; i < LARGE_MB; i++) {
            // Each blob is another one.
            part.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), 0);
            yield Buffer.from(part);
        }
    };
    const begin = performance.now();
    const { digest, statuses } = await client.upload("bench/blob", parts());
    if (statuses.at(-1) !== 201) throw new Error(`The push was answered ${statuses.join(", ")}`);
    return { digest, speed: (LARGE_MB * 1000) / (performance.now() - begin) };
}

/** Bytes a second of it to a client. */
async function pull({ stack, caFile, login, large }: Target): Promise<number> {
    const to = ["-sf", "-o", "/dev/null", "-w", "%{speed_download}"];
    const at = ["--cacert", caFile, "--resolve", `${DOMAIN}:${stack.port}:127.0.0.1`];
    const user = login === "" ? [] : ["-u", login];
    return Number(
        await must("curl", [
            ...to,
            ...at,
            ...user,
            `https://${DOMAIN}:${stack.port}/v2/bench/blob/blobs/${large}`,
        ]),
    );
}

async function deployed(stack: Stack, login: string): Promise<Target> {
    await stack.up();
    const client = await RegistryClient.of(stack);
    const caFile = join(stack.folder, "ca.crt");
    writeFileSync(caFile, await stack.output("caCertificatePem"));
    const target = { stack, client, caFile, login, large: "", small: "" };
    target.large = (await push(target)).digest;
    const parts = async function* () {
        yield randomBytes(SMALL_BYTES);
    };
    target.small = (await client.upload("bench/small", parts())).digest;
    return target;
}

export async function front(): Promise<void> {
    const targets: Target[] = [];
    const stacks: Stack[] = [];
    const create = async (settings: Record<string, string>, users = true) => {
        const stack = await Stack.create("bench-front", {
            settings: { ...(users ? ADMIN : {}), keepData: "false", ...settings },
        });
        stacks.push(stack);
        const target = await deployed(stack, users ? `admin:${PASSWORD}` : "");
        targets.push(target);
        return target;
    };
    try {
        const nginx = await create({ "front.off": "false" });
        const open = await create({ auth: "false" }, false);
        const htpasswd = await create({});
        const logins = (target: Target) => rate(target, "", 4);
        const small = (target: Target) => rate(target, `bench/small/blobs/${target.small}`, 50);
        const rows: [string, number, (target: Target) => Promise<number>, Target][] = [
            ["logins through the front ÷ registry without users:", 0.8, logins, open],
            ["logins through the front ÷ registry's own htpasswd:", 5, logins, htpasswd],
            [
                `push of ${LARGE_MB} MB through the front ÷ direct:`,
                1,
                async (of) => (await push(of)).speed,
                open,
            ],
            [`pull of ${LARGE_MB} MB through the front ÷ direct:`, 1.3, pull, open],
            ["blobs of 64 kB, 50 clients, through the front ÷ direct:", 2, small, open],
        ];
        for (const [what, goal, measured, other] of rows) {
            const ratios: number[] = [];
            for (let i = 0; i < ROUNDS; i++) ratios.push((await measured(nginx)) / (await measured(other)));
            const result = spread(ratios);
            print(`${what.padEnd(56)} ${format(result)}`);
            print(`    target ${goal}: ${result.median >= goal ? "met" : "missed"}`);
        }
    } finally {
        for (const { client } of targets) client.close();
        for (const stack of stacks) await stack.dispose();
    }
}
