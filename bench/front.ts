/** How fast the nginx front is, as ratios to the registry itself over its own TLS. Loopback alone, few connections. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { RegistryClient } from "../tests/e2e/http";
import { docker } from "../tests/e2e/docker";
import { must, until } from "../tests/e2e/run";
import { ADMIN, DOMAIN, freePort, PASSWORD, Stack } from "../tests/e2e/stack";
import { join as joinNetwork, leave, Upstream } from "../tests/e2e/upstream";

import { answersEachSecond } from "./ab";
import { format, spread } from "./measure";

const SECONDS = 4;
const ROUNDS = 5;
/** Two pushes lie further apart than what the front takes. */
const PUSHES = 21;
const LARGE_MB = 256;
const SMALL_BYTES = 65_536;

const print = (text: string) => void process.stdout.write(`${text}\n`);

interface Target {
    port: number;
    /** The name by which it is asked. */
    host: string;
    client: RegistryClient;
    caFile: string;
    login: string;
    large: string;
    small: string;
}

/** Answers a second, with connections that stay. */
function rate({ host, port, login }: Target, path: string, clients: number): Promise<number> {
    // ab knows no other names than those of the machine.
    const at = host === DOMAIN ? "127.0.0.1" : host;
    return answersEachSecond(`https://${at}:${port}/v2/${path}`, { clients, seconds: SECONDS, login });
}

/** A blob of LARGE_MB that no other is like, part by part. */
async function* largeParts(): AsyncGenerator<Buffer> {
    const part = randomBytes(1 << 20);
    for (let i = 0; i < LARGE_MB; i++) {
        part.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), 0);
        yield Buffer.from(part);
    }
}

/** What tells curl of a target: whom to trust, where it is, and who asks. */
const curlTo = ({ port, host, caFile, login }: Omit<Target, "client" | "large" | "small">): string[] => [
    ...["-sSf", "--cacert", caFile, "--resolve", `${host}:${port}:127.0.0.1`],
    ...(login === "" ? [] : ["-u", login]),
];

/** MB/s of one large blob to the registry, read from a file by curl: hashing and encrypting it in Node would take as long as the servers. */
async function push(target: Target): Promise<number> {
    const { client, port, host, caFile } = target;
    const file = join(dirname(caFile), "layer");
    const hash = createHash("sha256");
    const written = createWriteStream(file);
    for await (const part of largeParts()) {
        hash.update(part);
        if (!written.write(part)) await once(written, "drain");
    }
    await new Promise((done) => written.end(done));
    const at = (location = "") => new URL(location, `https://${host}:${port}`);
    const begin = performance.now();
    const begun = await client.ask("/v2/bench/blob/blobs/uploads/", { method: "POST" });
    const type = ["-H", "Content-Type: application/octet-stream"];
    const sent = await must("curl", [
        // As docker push sends it.
        ...[...curlTo(target), "--http1.1", "-X", "PATCH", ...type, "-T", file, "-o", "/dev/null"],
        ...["-w", "%header{location}", at(begun.headers.location).href],
    ]);
    const end = at(sent.trim());
    end.searchParams.set("digest", `sha256:${hash.digest("hex")}`);
    const { status } = await client.ask(end.pathname + end.search, { method: "PUT" });
    if (status !== 201) throw new Error(`The push was answered ${status}`);
    return (LARGE_MB * 1000) / (performance.now() - begin);
}

/** Bytes a second of it to a client. */
async function pull(target: Target): Promise<number> {
    const { port, host, large } = target;
    const to = ["-o", "/dev/null", "-w", "%{speed_download}"];
    const url = `https://${host}:${port}/v2/bench/blob/blobs/${large}`;
    return Number(await must("curl", [...curlTo(target), ...to, url]));
}

async function filled(of: Omit<Target, "large" | "small">): Promise<Target> {
    const target = { ...of, large: "", small: "" };
    target.large = (await of.client.upload("bench/blob", largeParts())).digest;
    const parts = async function* () {
        yield randomBytes(SMALL_BYTES);
    };
    target.small = (await of.client.upload("bench/small", parts())).digest;
    return target;
}

async function deployed(stack: Stack, login: string): Promise<Target> {
    await stack.up();
    const caFile = join(stack.folder, "ca.crt");
    writeFileSync(caFile, await stack.output("caCertificatePem"));
    const client = await RegistryClient.of(stack);
    return filled({ port: stack.port, host: DOMAIN, client, caFile, login });
}

/** A mirror that has what its upstream has, behind a front that sends its blobs from disk, and the same with a port of its own. */
async function mirrors(stack: Stack, upstream: Upstream): Promise<[front: Target, direct: Target]> {
    const port = await freePort();
    await stack.configure({
        // Without local names, `localhost` is free for a mirror: ab asks for no name but that of its URL.
        "tls.ownCa.site.localNames": "false",
        "mirrors.disk.upstream": upstream.url,
        "mirrors.disk.domain": "localhost",
        "mirrors.disk.blobsFromDisk": "true",
        "mirrors.direct.upstream": upstream.url,
        "mirrors.direct.port": String(port),
        "mirrors.direct.keepData": "false",
    });
    await stack.up();
    await joinNetwork(stack.prefix, upstream.name, upstream.name);
    const source = new RegistryClient(Number(upstream.address.split(":")[1]));
    const caFile = join(stack.folder, "ca.crt");
    const ca = await stack.output("caCertificatePem");
    writeFileSync(caFile, ca);
    const { large, small } = await filled({ port: 0, host: "", client: source, caFile, login: "" });
    source.close();
    const places: [string, number, string][] = [
        ["localhost", stack.port, "disk"],
        [DOMAIN, port, "direct"],
    ];
    const made: Target[] = [];
    for (const [host, at, mirror] of places) {
        const client = new RegistryClient(at, ca, "127.0.0.1", host);
        const target = { port: at, host, client, caFile, login: "", large, small };
        await pull(target);
        await client.ask(`/v2/bench/small/blobs/${small}`, { login: "" });
        const find = "find /var/lib/registry/docker/registry/v2/repositories -path '*_layers*' -name link";
        await until("the mirror has both", async () => {
            const found = await docker("exec", `${stack.prefix}-mirror-${mirror}`, "sh", "-c", find);
            return found.trim().split("\n").length === 2 || undefined;
        });
        made.push(target);
    }
    return made as [Target, Target];
}

export async function front(): Promise<void> {
    const things: { dispose(): Promise<void> }[] = [];
    const create = async (settings: Record<string, string>, users = true) => {
        const stack = await Stack.create("bench-front", {
            settings: { ...(users ? ADMIN : {}), keepData: "false", ...settings },
        });
        things.push(stack);
        const target = await deployed(stack, users ? `admin:${PASSWORD}` : "");
        things.push({ dispose: async () => target.client.close() });
        return target;
    };
    try {
        // What a stack that does not say has: the tests' own are quick.
        const hash = { bcryptCost: "10" };
        const nginx = await create({ ...hash, "front.off": "false" });
        const open = await create({ auth: "false" }, false);
        const htpasswd = await create(hash);
        const logins = (target: Target) => rate(target, "", 4);
        const small = (target: Target) => rate(target, `bench/small/blobs/${target.small}`, 50);
        const upstream = new Upstream();
        things.push(upstream);
        await upstream.start();
        const apart = await Stack.create("bench-mirror", {
            settings: { ...ADMIN, keepData: "false", "front.off": "false" },
        });
        things.push(apart, { dispose: () => leave(apart.prefix, upstream.name) });
        const [disk, mirror] = await mirrors(apart, upstream);
        things.push({ dispose: async () => [disk, mirror].forEach(({ client }) => client.close()) });
        const rows: [string, number, (target: Target) => Promise<number>, Target, Target?][] = [
            ["logins through the front ÷ registry without users:", 0.8, logins, open],
            ["logins through the front ÷ registry's own htpasswd:", 5, logins, htpasswd],
            [`push of ${LARGE_MB} MB through the front ÷ direct:`, 1, push, open],
            [`pull of ${LARGE_MB} MB through the front ÷ direct:`, 1.3, pull, open],
            ["blobs of 64 kB, 50 clients, through the front ÷ direct:", 2, small, open],
            [`pull of ${LARGE_MB} MB of a mirror, from disk ÷ its own port:`, 1.3, pull, mirror, disk],
            ["blobs of 64 kB of a mirror, from disk ÷ its own port:", 2, small, mirror, disk],
        ];
        for (const [what, goal, measured, other, through = nginx] of rows) {
            const ratios: number[] = [];
            const rounds = measured === push ? PUSHES : ROUNDS;
            for (let i = 0; i < rounds; i++) ratios.push((await measured(through)) / (await measured(other)));
            const result = spread(ratios);
            print(`${what.padEnd(56)} ${format(result)}`);
            print(`    target ${goal}: ${result.median >= goal ? "met" : "missed"}`);
        }
    } finally {
        for (const thing of things.reverse()) await thing.dispose();
    }
}
