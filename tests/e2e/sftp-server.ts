/** A real sshd (Debian's) in a container, that gives SFTP alone, at an address that containers of every network reach. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { closure, unpackPackages } from "../../setup/image-debian";

import { bridgeAddress, docker } from "./docker";
import { RESTIC_IMAGE } from "./images";
import { must, until } from "./run";
import { freePort } from "./stack";

/** Seconds after which it ends by itself, where a test was killed. */
const LIFE = 1200;

export class SftpServer {
    private readonly name = `e2e-sftp-${randomBytes(3).toString("hex")}`;
    readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-sftp-"));

    private constructor(
        readonly address: string,
        readonly port: number,
    ) {}

    static async start(): Promise<SftpServer> {
        const server = new SftpServer(await bridgeAddress(), await freePort());
        await server.run();
        return server;
    }

    /** restic's name for a folder there. */
    repository(folder: string): string {
        return `sftp://root@${this.address}:${this.port}//${folder}`;
    }

    /** File of the key that it lets in. */
    get key(): string {
        return join(this.folder, "key");
    }

    /** Its own line of known_hosts. */
    get knownHosts(): string {
        const [type, key] = readFileSync(join(this.folder, "host.pub"), "utf8").split(" ");
        return `[${this.address}]:${this.port} ${type} ${key}`;
    }

    private async run(): Promise<void> {
        await this.makeKey("key");
        const work = join(this.folder, "packages");
        mkdirSync(work);
        const packages = await unpackPackages([...(await closure(["openssh-server"])).keys()], work);
        writeFileSync(
            join(this.folder, "sshd_config"),
            [
                `Port ${this.port}`,
                `ListenAddress ${this.address}`,
                "HostKey /host",
                "AuthorizedKeysFile /key.pub",
                ...[
                    "StrictModes no",
                    "UsePAM no",
                    "PasswordAuthentication no",
                    "PermitRootLogin yes",
                    "PidFile none",
                ],
                "Subsystem sftp internal-sftp",
                "ForceCommand internal-sftp",
                "",
            ].join("\n"),
        );
        const script =
            "mkdir -p /run/sshd && echo sshd:x:74:65534::/run/sshd:/bin/false >> /etc/passwd && chmod 600 /host && chmod 644 /key.pub && " +
            `exec /usr/sbin/sshd -D -e -f /sshd_config`;
        await docker(
            ...[
                "create",
                "--name",
                this.name,
                "--network",
                "host",
                "--user",
                "0:0",
                "--entrypoint",
                "/bin/sh",
            ],
            ...[RESTIC_IMAGE, "-ec", `(sleep ${LIFE}; kill 1) & ${script}`],
        );
        for (const folder of packages.values())
            for (const part of ["usr", "lib", "etc"])
                // Into the folders that links lead to.
                await must("sh", [
                    "-c",
                    `[ ! -d "$1/${part}" ] || tar -C "$1/${part}" -cf - . | docker cp - "$2:/${part === "lib" ? "usr/lib" : part}"`,
                    ...["sh", folder, this.name],
                ]);
        for (const file of ["key.pub", "sshd_config"])
            await docker("cp", join(this.folder, file), `${this.name}:/${file}`);
        await this.rekey();
    }

    private async makeKey(name: string): Promise<void> {
        rmSync(join(this.folder, name), { force: true });
        await must("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(this.folder, name)]);
    }

    /** Has it show another key of its own. */
    async rekey(): Promise<void> {
        await this.makeKey("host");
        await docker("cp", join(this.folder, "host"), `${this.name}:/host`);
        await docker("restart", "--time", "0", this.name);
        await until(
            "sshd answers",
            () =>
                new Promise<true | undefined>((resolve) => {
                    const socket = connect(this.port, this.address)
                        .once("data", () => resolve(true))
                        .once("error", () => resolve(undefined))
                        .setTimeout(2_000, () => resolve(undefined));
                    void new Promise((done) => setTimeout(done, 1_500)).then(() => socket.destroy());
                }),
        );
    }

    async dispose(): Promise<void> {
        await docker("rm", "--force", "--volumes", this.name);
        rmSync(this.folder, { recursive: true, force: true });
    }
}
