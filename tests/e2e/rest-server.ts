/** restic's own REST server in a container, over TLS with a login, at an address that containers of every network reach. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { hashSync } from "bcryptjs";

import { thisMachine } from "../../setup/machine";
import { ensureServer, REST_SERVER } from "../../setup/test-servers";

import { bridgeAddress, docker } from "./docker";
import { REGISTRY_IMAGE } from "./images";
import { must, until } from "./run";
import { freePort } from "./stack";

/** Seconds after which it ends by itself, where a test was killed. */
const LIFE = 1200;

export class RestServer {
    password = randomBytes(12).toString("hex");
    private readonly name = `e2e-rest-${randomBytes(3).toString("hex")}`;
    private readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-rest-"));

    private constructor(
        readonly address: string,
        readonly port: number,
    ) {}

    static async start(): Promise<RestServer> {
        const server = new RestServer(await bridgeAddress(), await freePort());
        await server.run();
        return server;
    }

    /** restic's name for a repository there. */
    repository(name: string): string {
        return `rest:https://backup:${this.password}@${this.address}:${this.port}/${name}/`;
    }

    get ca(): string {
        return join(this.folder, "cert.pem");
    }

    private async run(): Promise<void> {
        const arch = (await docker("version", "--format", "{{.Server.Arch}}")).trim();
        const program = await ensureServer(thisMachine(resolve(__dirname, "..", "..")), REST_SERVER, arch);
        await must(
            "openssl",
            [
                ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"],
                ...["-config", "/dev/null", "-subj", "/CN=REST"],
                ...["-addext", `subjectAltName=IP:${this.address}`],
                ...["-days", "2", "-keyout", "key.pem", "-out", "cert.pem"],
            ],
            { cwd: this.folder },
        );
        await docker(
            ...[
                "create",
                "--name",
                this.name,
                "--network",
                "host",
                "--entrypoint",
                "/bin/sh",
                REGISTRY_IMAGE,
                "-ec",
            ],
            `exec timeout ${LIFE} /rest-server --path /tmp/data --listen ${this.address}:${this.port} --htpasswd-file /htpasswd ` +
                "--tls --tls-cert /cert.pem --tls-key /key.pem",
        );
        await docker("cp", program, `${this.name}:/rest-server`);
        for (const file of ["cert.pem", "key.pem"])
            await docker("cp", join(this.folder, file), `${this.name}:/${file}`);
        await this.begin();
    }

    /** Has it take another password alone. */
    async rekey(): Promise<void> {
        this.password = randomBytes(12).toString("hex");
        await this.begin();
    }

    private async begin(): Promise<void> {
        writeFileSync(join(this.folder, "htpasswd"), `backup:${hashSync(this.password, 5)}\n`);
        await docker("cp", join(this.folder, "htpasswd"), `${this.name}:/htpasswd`);
        await docker("restart", "--time", "0", this.name);
        await until(
            "the REST server",
            () =>
                new Promise<true | undefined>((done) => {
                    const socket = connect(this.port, this.address, () => {
                        socket.destroy();
                        done(true);
                    });
                    socket.on("error", () => done(undefined));
                }),
        );
    }

    caPem(): string {
        return readFileSync(this.ca, "utf8");
    }

    async dispose(): Promise<void> {
        await docker("rm", "--force", "--volumes", this.name);
        rmSync(this.folder, { recursive: true, force: true });
    }
}
