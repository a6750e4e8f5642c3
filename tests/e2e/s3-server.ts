/** A real S3 server (versitygw) in a container, over TLS, at an address that containers of every network reach. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { REGISTRY_IMAGE } from "./images";
import { thisMachine } from "../../setup/machine";
import { ensureServer, S3_SERVER } from "../../setup/test-servers";

import { bridgeAddress, docker } from "./docker";
import { must, until } from "./run";
import { freePort } from "./stack";

/** SHA-256 of no body, which the signature must cover. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Seconds after which it ends by itself, where a test was killed. */
const LIFE = 1200;

export class S3Server {
    readonly accessKey = `test${randomBytes(4).toString("hex")}`;
    secretKey = randomBytes(20).toString("hex");
    /** Its certificate, which is its own authority, PEM. */
    readonly ca: string;
    readonly name = `e2e-s3-${randomBytes(3).toString("hex")}`;
    private readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-s3-"));
    readonly endpoint: string;

    constructor(
        readonly address: string,
        readonly port: number,
    ) {
        this.endpoint = `https://${address}:${port}`;
        this.ca = join(this.folder, "cert.pem");
    }

    static async start(): Promise<S3Server> {
        const server = new S3Server(await bridgeAddress(), await freePort());
        await server.run();
        return server;
    }

    private async run(): Promise<void> {
        const arch = (await docker("version", "--format", "{{.Server.Arch}}")).trim();
        const program = await ensureServer(thisMachine(resolve(__dirname, "..", "..")), S3_SERVER, arch);
        await must(
            "openssl",
            [
                ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"],
                ...[
                    "-config",
                    "/dev/null",
                    "-subj",
                    "/CN=S3",
                    "-addext",
                    `subjectAltName=IP:${this.address}`,
                ],
                ...["-days", "2", "-keyout", "key.pem", "-out", "cert.pem"],
            ],
            { cwd: this.folder },
        );
        await docker(
            ...["create", "--name", this.name, "--network", "host", "--volume", `${this.name}:/data`],
            ...[
                "--env",
                `ROOT_ACCESS_KEY=${this.accessKey}`,
                "--entrypoint",
                "/bin/sh",
                REGISTRY_IMAGE,
                "-ec",
            ],
            `ROOT_SECRET_KEY=$(cat /secret) exec timeout ${LIFE} /versitygw --port ${this.address}:${this.port} --cert /cert.pem --key /key.pem posix /data`,
        );
        await docker("cp", program, `${this.name}:/versitygw`);
        for (const file of ["cert.pem", "key.pem"])
            await docker("cp", join(this.folder, file), `${this.name}:/${file}`);
        await this.begin();
    }

    private async begin(): Promise<void> {
        writeFileSync(join(this.folder, "secret"), this.secretKey);
        await docker("cp", join(this.folder, "secret"), `${this.name}:/secret`);
        await docker("restart", "--time", "0", this.name);
        await until("the S3 server answers", () =>
            this.request("GET", "").then(
                () => true,
                () => undefined,
            ),
        );
    }

    /** Has it take another secret key alone. */
    async rekey(): Promise<void> {
        this.secretKey = randomBytes(20).toString("hex");
        await this.begin();
    }

    /** A signed request without a body. @returns the answer's body */
    request(method: string, path: string): Promise<string> {
        return must("curl", [
            ...["--silent", "--show-error", "--fail", "--max-time", "20", "--request", method],
            ...["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", `${this.accessKey}:${this.secretKey}`],
            ...["--header", `x-amz-content-sha256: ${EMPTY}`],
            ...["--cacert", this.ca, `${this.endpoint}/${path}`],
        ]);
    }

    caPem(): string {
        return readFileSync(this.ca, "utf8");
    }

    async dispose(): Promise<void> {
        await docker("rm", "--force", "--volumes", this.name);
        await docker("volume", "rm", "--force", this.name);
        rmSync(this.folder, { recursive: true, force: true });
    }
}
