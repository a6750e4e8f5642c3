/** How fast the nginx front is, as ratios to the registry itself. Loopback alone, few connections. */
import { randomBytes } from "node:crypto";
import https from "node:https";

import { RegistryClient } from "../tests/e2e/http";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "../tests/e2e/stack";

import { format, spread } from "./measure";

const CONNECTIONS = 4;
const SECONDS = 4;
const ROUNDS = 3;
const BLOB_MB = 256;

const print = (text: string) => void process.stdout.write(`${text}\n`);

interface Target {
    stack: Stack;
    ca: string;
    login: string;
}

/** Requests a second for GET /v2/. */
async function rate({ stack, ca, login }: Target): Promise<number> {
    const agent = new https.Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca, servername: DOMAIN });
    const options = {
        agent,
        host: "127.0.0.1",
        port: stack.port,
        path: "/v2/",
        headers: { Host: DOMAIN },
        ...(login === "" ? {} : { auth: login }),
    };
    const one = () =>
        new Promise<void>((resolve, reject) => {
            https
                .get(options, (response) => {
                    response.resume().on("end", () => {
                        if (response.statusCode === 200) resolve();
                        else reject(new Error(`GET /v2/ was answered ${response.statusCode}`));
                    });
                })
                .on("error", reject);
        });
    await one();
    const end = Date.now() + SECONDS * 1000;
    let count = 0;
    const worker = async () => {
        for (; Date.now() < end; count++) await one();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    agent.destroy();
    return count / SECONDS;
}

/** Megabytes a second of one large blob. */
async function transfer({ stack, ca, login }: Target): Promise<{ push: number; pull: number }> {
    const client = new RegistryClient(stack.port, ca);
    const part = randomBytes(1 << 20);
    const parts = async function* () {
        for (let i = 0; i < BLOB_MB; i++) {
            // Each blob is another one.
            part.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), 0);
            yield Buffer.from(part);
        }
    };
    let begin = performance.now();
    const { digest, statuses } = await client.upload("bench/blob", parts());
    const push = (BLOB_MB * 1000) / (performance.now() - begin);
    if (statuses.at(-1) !== 201) throw new Error(`The push was answered ${statuses.join(", ")}`);
    begin = performance.now();
    await new Promise<void>((resolve, reject) => {
        const request = https.get(
            {
                host: "127.0.0.1",
                port: stack.port,
                ca,
                servername: DOMAIN,
                auth: login,
                path: `/v2/bench/blob/blobs/${digest}`,
            },
            (response) => response.resume().on("end", resolve).on("error", reject),
        );
        request.on("error", reject);
    });
    const pull = (BLOB_MB * 1000) / (performance.now() - begin);
    client.close();
    return { push, pull };
}

async function deployed(stack: Stack, login: string): Promise<Target> {
    await stack.up();
    return { stack, ca: await stack.output("caCertificatePem"), login };
}

export async function front(): Promise<void> {
    const stacks: Stack[] = [];
    const create = async (settings: Record<string, string>, users = true) => {
        const stack = await Stack.create("bench-front", {
            settings: { ...(users ? ADMIN : {}), keepData: "false", ...settings },
        });
        stacks.push(stack);
        return deployed(stack, users ? `admin:${PASSWORD}` : "");
    };
    try {
        const nginx = await create({ "front.off": "false" });
        const open = await create({ auth: "false" }, false);
        const htpasswd = await create({});
        const [toOpen, toHtpasswd, push, pull]: number[][] = [[], [], [], []];
        for (let i = 0; i < ROUNDS; i++) {
            const through = await rate(nginx);
            toOpen?.push(through / (await rate(open)));
            toHtpasswd?.push(through / (await rate(htpasswd)));
            const [a, b] = [await transfer(nginx), await transfer(open)];
            push?.push(a.push / b.push);
            pull?.push(a.pull / b.pull);
        }
        const line = (what: string, target: number, values: number[] = []) => {
            const result = spread(values);
            print(
                `${what} ${format(result)}\n    target ${target}: ${result.median >= target ? "met" : "missed"}`,
            );
        };
        line("logins through the front ÷ registry without users:", 0.5, toOpen);
        line("logins through the front ÷ registry's own htpasswd: ", 5, toHtpasswd);
        line(`push of ${BLOB_MB} MB through the front ÷ direct:       `, 0.8, push);
        line(`pull of ${BLOB_MB} MB through the front ÷ direct:       `, 0.8, pull);
    } finally {
        for (const stack of stacks) await stack.dispose();
    }
}
