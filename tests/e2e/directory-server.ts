/** Pebble, Let's Encrypt's own directory for tests, with its name server; at an address that containers of every network reach. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttp, type Server as HttpServer } from "node:http";
import { request } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { thisMachine } from "../../setup/machine";
import { CHALLENGE_SERVER, ensureServer, PEBBLE } from "../../setup/test-servers";

import { bridgeAddress, docker } from "./docker";
import { REGISTRY_IMAGE } from "./images";
import { must, until } from "./run";
import { freePort } from "./stack";

/** Seconds after which it ends by itself, where a test was killed. */
const LIFE = 1200;

export interface DirectoryOptions {
    /** Port at which the directory looks for the answers to http-01, on the loopback. */
    httpPort: number;
    /** Life of a certificate, seconds. */
    validity: number;
}

export class DirectoryServer {
    /** What the DNS provider's end-point takes. */
    readonly token = randomBytes(12).toString("hex");
    private readonly name = `e2e-directory-${randomBytes(3).toString("hex")}`;
    private readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-directory-"));
    private readonly open = new Set<Socket>();
    private door: Server | undefined;
    private provider: HttpServer | undefined;

    private constructor(
        private readonly address: string,
        private readonly ports: Record<
            "door" | "pebble" | "management" | "dns" | "challenges" | "provider",
            number
        >,
    ) {}

    static async start(options: DirectoryOptions): Promise<DirectoryServer> {
        const ports = {
            ...{ door: await freePort(), pebble: await freePort(), management: await freePort() },
            ...{ dns: await freePort(), challenges: await freePort(), provider: await freePort() },
        };
        const server = new DirectoryServer(await bridgeAddress(), ports);
        try {
            await server.run(options);
        } catch (error) {
            await server.dispose();
            throw error;
        }
        return server;
    }

    get url(): string {
        return `https://${this.address}:${this.ports.door}/dir`;
    }

    /** Authority of the directory's own certificate, PEM. */
    get ca(): string {
        return readFileSync(join(this.folder, "cert.pem"), "utf8");
    }

    /** Of the name server: it knows every name, and leads it to the loopback. */
    get resolver(): string {
        return `${this.address}:${this.ports.dns}`;
    }

    /** End-point of lego's provider httpreq, which asks for the token. */
    get providerUrl(): string {
        return `http://${this.address}:${this.ports.provider}`;
    }

    /** Authority of what it issues, PEM. */
    async issuer(): Promise<string> {
        return new Promise((done, fail) => {
            const { address: host, ca } = this;
            request({ host, port: this.ports.management, path: "/roots/0", ca }, (answer) => {
                let text = "";
                answer.setEncoding("utf8").on("data", (part: string) => (text += part));
                answer.on("end", () => done(text));
            })
                .on("error", fail)
                .end();
        });
    }

    /** Nobody reaches it any more. */
    shut(): void {
        this.door?.close();
        this.door = undefined;
        for (const socket of this.open) socket.destroy();
    }

    /** It is reached, as it was before. */
    async reopen(): Promise<void> {
        this.door = createServer((from) => {
            const to = connect(this.ports.pebble, this.address);
            for (const [one, other] of [
                [from, to],
                [to, from],
            ] as const) {
                this.open.add(one);
                one.on("error", () => other.destroy()).on("close", () => {
                    this.open.delete(one);
                    other.destroy();
                });
                one.pipe(other);
            }
        }).listen(this.ports.door, this.address);
        await once(this.door, "listening");
    }

    /** Leads a name somewhere. */
    async lead(host: string, address: string): Promise<void> {
        await this.challenge("add-a", { host: `${host}.`, addresses: [address] });
    }

    async dispose(): Promise<void> {
        this.shut();
        this.provider?.close();
        await docker("rm", "--force", "--volumes", this.name);
        rmSync(this.folder, { recursive: true, force: true });
    }

    private async challenge(what: string, body: object): Promise<void> {
        const url = `http://${this.address}:${this.ports.challenges}/${what}`;
        const { ok } = await fetch(url, { method: "POST", body: JSON.stringify(body) });
        if (!ok) throw new Error(`the challenge server refused ${what}`);
    }

    private async run({ httpPort, validity }: DirectoryOptions): Promise<void> {
        const { address, ports, name } = this;
        const machine = thisMachine(resolve(__dirname, "..", ".."));
        const arch = (await docker("version", "--format", "{{.Server.Arch}}")).trim();
        const programs = {
            pebble: await ensureServer(machine, PEBBLE, arch),
            challtestsrv: await ensureServer(machine, CHALLENGE_SERVER, arch),
        };
        await must(
            "openssl",
            [
                ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"],
                ...["-config", "/dev/null", "-subj", "/CN=Directory", "-days", "2"],
                ...["-addext", `subjectAltName=IP:${address}`, "-keyout", "key.pem", "-out", "cert.pem"],
            ],
            { cwd: this.folder },
        );
        const config = {
            listenAddress: `${address}:${ports.pebble}`,
            managementListenAddress: `${address}:${ports.management}`,
            ...{ certificate: "/cert.pem", privateKey: "/key.pem", httpPort, tlsPort: 1 },
            ...{ ocspResponderURL: "", externalAccountBindingRequired: false, keyAlgorithm: "ecdsa" },
            retryAfter: { authz: 1, order: 1 },
            profiles: { default: { description: "of the tests", validityPeriod: validity } },
        };
        writeFileSync(join(this.folder, "config.json"), JSON.stringify({ pebble: config }));
        const script =
            `timeout ${LIFE} /challtestsrv -dnsserver ${address}:${ports.dns} -management ${address}:${ports.challenges} ` +
            `-defaultIPv4 127.0.0.1 -defaultIPv6 "" -http01 "" -https01 "" -tlsalpn01 "" -doh "" & ` +
            `exec timeout ${LIFE} /pebble -config /config.json -dnsserver ${address}:${ports.dns}`;
        await docker(
            ...["create", "--name", name, "--network", "host"],
            ...["--env", "PEBBLE_VA_NOSLEEP=1", "--env", "PEBBLE_WFE_NONCEREJECT=0"],
            ...["--entrypoint", "/bin/sh", REGISTRY_IMAGE, "-ec", script],
        );
        for (const [program, path] of Object.entries(programs))
            await docker("cp", path, `${name}:/${program}`);
        for (const file of ["cert.pem", "key.pem", "config.json"])
            await docker("cp", join(this.folder, file), `${name}:/${file}`);
        await docker("start", name);
        await this.reopen();
        await this.serveProvider();
        await until("the directory answers", () =>
            this.issuer().then(
                (pem) => (pem.includes("BEGIN CERTIFICATE") ? true : undefined),
                () => undefined,
            ),
        );
    }

    /** lego's provider httpreq (go-acme.github.io/lego/dns/httpreq), before the name server. */
    private async serveProvider(): Promise<void> {
        const login = `Basic ${Buffer.from(`registry:${this.token}`).toString("base64")}`;
        this.provider = createHttp((asked, answer) => {
            let text = "";
            asked.setEncoding("utf8").on("data", (part: string) => (text += part));
            asked.on("end", () => {
                if (asked.headers.authorization !== login)
                    return void answer.writeHead(401).end("wrong token");
                const { fqdn, value } = JSON.parse(text) as { fqdn: string; value: string };
                const what = asked.url === "/present" ? "set-txt" : "clear-txt";
                void this.challenge(what, { host: fqdn, value }).then(
                    () => answer.end(),
                    () => answer.writeHead(500).end(),
                );
            });
        }).listen(this.ports.provider, this.address);
        await once(this.provider, "listening");
    }
}
