/**
 * The check of certificates against the programs that read them. Whatever it takes, the registry and nginx start with, and
 * curl, Go (skopeo) and openssl connect to; whatever it refuses for more than its form, one of them refuses too.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";

import { serverChain } from "../../components/tls/chain";
import { inspectSite } from "../../components/tls/inspect";
import { NAME, type Odd, oddCertificates } from "../odd-certificates";

import { docker } from "./docker";
import { FRONT_IMAGE, REGISTRY_IMAGE } from "./images";
import { run } from "./run";

const folder = mkdtempSync(join(tmpdir(), "private-registry-odd-"));
// The containers have users of their own.
chmodSync(folder, 0o755);
const made = join(folder, "made");
mkdirSync(made);
const odd = oddCertificates(made).filter(({ unreadable }) => !unreadable);
const id = randomBytes(3).toString("hex");
const PROGRAMS = ["registry", "nginx"] as const;

/** A range of ports of its own, outside the one that the kernel hands out by itself. */
const FIRST = 15_000 + (randomBytes(2).readUInt16BE() % 4_000);
const portOf = (i: number, program: (typeof PROGRAMS)[number]) => FIRST + 2 * i + PROGRAMS.indexOf(program);

/** What the server shows: what the check makes of it, or the files as they are. */
function files(one: Odd): { chain: string; key: string } {
    const [cert, key, chain] = [one.cert, one.key, one.chain].map((file) =>
        file === undefined ? "" : readFileSync(file, "utf8"),
    );
    if (one.refused !== undefined) return { chain: `${cert}${chain}`, key: key ?? "" };
    const { bundle } = inspectSite(
        readFileSync(one.cert),
        readFileSync(one.key),
        one.chain === undefined ? "" : readFileSync(one.chain),
        [NAME],
    );
    if (bundle === undefined) throw new Error(`${one.name} is refused`);
    return { chain: serverChain(bundle.certPem, bundle.chainPem), key: bundle.keyPem };
}

/** Sends every CONNECT to this machine, so that Go's clients reach NAME without a name server. */
let proxy: Server;
const ends = new Set<Duplex>();

beforeAll(async () => {
    const starts: Record<(typeof PROGRAMS)[number], string[]> = { registry: [], nginx: [] };
    odd.forEach((one, i) => {
        const { chain, key } = files(one);
        writeFileSync(join(folder, `${i}.crt`), chain);
        writeFileSync(join(folder, `${i}.key`), key);
        writeFileSync(
            join(folder, `${i}.conf`),
            `pid /tmp/${i}.pid; error_log stderr; events { worker_connections 64; }
             http { access_log off; server { listen 127.0.0.1:${portOf(i, "nginx")} ssl; server_name ${NAME};
             ssl_certificate /odd/${i}.crt; ssl_certificate_key /odd/${i}.key; return 200; } }`,
        );
        writeFileSync(
            join(folder, `${i}.yml`),
            JSON.stringify({
                version: 0.1,
                storage: { inmemory: {} },
                http: {
                    addr: `127.0.0.1:${portOf(i, "registry")}`,
                    tls: { certificate: `/odd/${i}.crt`, key: `/odd/${i}.key` },
                },
            }).replace('"version":0.1', '"version":"0.1"'),
        );
        starts.registry.push(`OTEL_TRACES_EXPORTER=none /bin/registry serve /odd/${i}.yml &`);
        starts.nginx.push(`nginx -g 'daemon off; user root;' -c /odd/${i}.conf &`);
    });
    for (const program of PROGRAMS) {
        // It ends by itself, where this test was killed.
        writeFileSync(join(folder, `${program}.sh`), [...starts[program], "sleep 300"].join("\n"));
        await docker(
            ...["run", "--detach", "--rm", "--network", "host", "--name", `odd-${program}-${id}`],
            ...["--volume", `${folder}:/odd:ro`, "--entrypoint", "/bin/sh"],
            ...[program === "registry" ? REGISTRY_IMAGE : FRONT_IMAGE, `/odd/${program}.sh`],
        );
    }
    proxy = createServer().on("connect", (request, socket) => {
        const server = connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
            socket.write("HTTP/1.1 200 OK\r\n\r\n");
            server.pipe(socket).pipe(server);
        });
        for (const end of [server, socket]) {
            ends.add(end);
            end.on("error", () => (server.destroy(), socket.destroy()));
        }
    });
    await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
    await new Promise((done) => setTimeout(done, 5_000));
}, 120_000);

afterAll(async () => {
    for (const program of PROGRAMS) await docker("rm", "--force", `odd-${program}-${id}`);
    proxy.close();
    for (const end of ends) end.destroy();
    rmSync(folder, { recursive: true });
});

/** Why a client does not connect; nothing where it does. */
const CLIENTS: Record<string, (port: number, root: string) => Promise<string | undefined>> = {
    curl: async (port, root) => {
        const { code, screen } = await run("curl", [
            ...["--silent", "--show-error", "--output", "/dev/null", "--max-time", "20", "--cacert", root],
            ...["--resolve", `${NAME}:${port}:127.0.0.1`, `https://${NAME}:${port}/v2/`],
        ]);
        return code === 0 ? undefined : screen;
    },
    openssl: async (port, root) => {
        const { code, screen } = await run(
            "openssl",
            [
                ...["s_client", "-connect", `127.0.0.1:${port}`, "-servername", NAME, "-CAfile", root],
                ...["-no-CApath", "-no-CAstore", "-verify_hostname", NAME, "-verify_return_error", "-brief"],
            ],
            { input: "", timeoutMs: 20_000 },
        );
        return code === 0 ? undefined : screen;
    },
    Go: async (port, root) => {
        const certs = mkdtempSync(join(folder, "certs-"));
        writeFileSync(join(certs, "ca.crt"), readFileSync(root));
        const { port: at } = proxy.address() as { port: number };
        const { screen } = await run(
            "skopeo",
            ["inspect", "--raw", "--cert-dir", certs, "--no-creds", `docker://${NAME}:${port}/a:b`],
            { env: { ...process.env, HTTPS_PROXY: `http://127.0.0.1:${at}` }, timeoutMs: 20_000 },
        );
        // Neither server has the image: that answer comes over a connection that works.
        return /x509|tls: |EOF|refused|reset|timeout|proxyconnect/i.test(screen) ? screen : undefined;
    },
};

async function complaints(one: Odd): Promise<string[]> {
    const i = odd.indexOf(one);
    const found: string[] = [];
    for (const program of PROGRAMS) {
        for (const [client, connects] of Object.entries(CLIENTS)) {
            const complaint = await connects(portOf(i, program), one.root);
            if (complaint !== undefined) found.push(`${client} → ${program}: ${complaint}`);
        }
    }
    return found;
}

const named = (all: Odd[]) => all.map((one) => [one.name, one] as const);

test.each(named(odd.filter(({ refused }) => refused === undefined)))(
    "taken, and it works everywhere: %s",
    async (_name, one) => expect(await complaints(one)).toEqual([]),
);

test.each(named(odd.filter(({ refused }) => refused !== undefined)))(
    "refused, and it would fail: %s",
    async (_name, one) => expect(await complaints(one)).not.toEqual([]),
);
