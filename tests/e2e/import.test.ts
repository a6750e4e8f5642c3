/** A registry that was set up by hand, after the tutorials, moves into the kit with its images, its CA and its users. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";

import { hashSync } from "bcryptjs";

import { cleanup } from "./cleanup";
import { docker, objectsOf } from "./docker";
import { ACCEPT, RegistryClient } from "./http";
import { imageOf28 } from "./other-images";
import { must, type Result, run, until } from "./run";
import { freePort, Stack } from "./stack";

const START = resolve(__dirname, "../../setup/start.cjs");
const NAME = "docker.funet8.com";
/** The tutorials' own. */
const SUBJECT = "/C=CN/ST=Shanxi/L=Datong/O=Your Company Name/CN=Your Company Name Docker Registry CA";
const PASSWORD = "123456";
const LOGIN = `admin:${PASSWORD}`;

/** The tutorials' files: CA and site key of RSA 4096, htpasswd, config.yml. */
async function tutorialFiles(folder: string): Promise<void> {
    mkdirSync(folder);
    const openssl = (...args: string[]) => must("openssl", args, { cwd: folder });
    await openssl(
        ...["req", "-x509", "-newkey", "rsa:4096", "-nodes", "-sha256", "-days", "3650", "-keyout", "ca.key"],
        ...["-out", "ca.crt", "-subj", SUBJECT, "-addext", "basicConstraints=critical,CA:TRUE,pathlen:1"],
        ...["-addext", "keyUsage=critical,nonRepudiation,cRLSign,keyCertSign"],
    );
    await openssl(
        "req",
        "-new",
        "-newkey",
        "rsa:4096",
        "-nodes",
        "-keyout",
        "site.key",
        "-out",
        "site.csr",
        "-subj",
        `/CN=${NAME}`,
    );
    writeFileSync(
        join(folder, "site.ext"),
        [
            "authorityKeyIdentifier=keyid,issuer",
            "basicConstraints=critical,CA:FALSE",
            "extendedKeyUsage=serverAuth",
            "keyUsage=critical,digitalSignature,keyEncipherment",
            `subjectAltName=DNS:${NAME},IP:127.0.0.1`,
            "",
        ].join("\n"),
    );
    await openssl(
        ...[
            "x509",
            "-req",
            "-in",
            "site.csr",
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "750",
        ],
        ...["-sha256", "-extfile", "site.ext", "-out", "site.crt"],
    );
    writeFileSync(
        join(folder, "nginx.htpasswd"),
        `admin:${hashSync(PASSWORD, 5).replace("$2b$", "$2y$")}\nold:{SHA}abc=\n`,
    );
    writeFileSync(
        join(folder, "config.yml"),
        `version: 0.1
log:
  accesslog:
    disabled: true
  level: debug
  formatter: text
  fields:
    service: registry
    environment: staging
storage:
  delete:
    enabled: true
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
auth:
  htpasswd:
    realm: basic-realm
    path: /etc/docker/registry/nginx.htpasswd
http:
  addr: :443
  host: https://${NAME}
  headers:
    X-Content-Type-Options: [nosniff]
  http2:
    disabled: false
  tls:
    certificate: /etc/docker/registry/site.crt
    key: /etc/docker/registry/site.key
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`,
    );
}

describe("a registry of the tutorials", () => {
    const use = cleanup();
    const folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-import-"));
    const files = join(folder, "compose-project");
    const old = `e2e-import-${process.pid}`;
    const image = `${old}/registry:2.8.2`;
    const volume = `${old}_registry-data`;
    let stack: Stack;
    let port: number;
    let client: RegistryClient;
    let digest: string;
    let second: string;
    /**
     * Pushes an image of one layer with the tutorials' login. Docker itself would follow the registry's `host` to a name that
     * nobody knows here.
     *
     * @returns its digest, as the registry tells it
     */
    const push = async (tag: string): Promise<string> => {
        const blob = async (data?: AsyncIterable<Buffer>) =>
            (await client.upload("team/app", data, undefined, LOGIN)).digest;
        const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", tag }));
        const manifest = {
            schemaVersion: 2,
            mediaType: ACCEPT,
            config: {
                mediaType: "application/vnd.docker.container.image.v1+json",
                size: config.length,
                digest: await blob(Readable.from([config])),
            },
            layers: [
                {
                    mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    size: 100_000,
                    digest: await blob(),
                },
            ],
        };
        const { status, body } = await client.ask(`/v2/team/app/manifests/${tag}`, {
            method: "PUT",
            login: LOGIN,
            headers: { "Content-Type": ACCEPT },
            body: Buffer.from(JSON.stringify(manifest)),
        });
        if (status !== 201) throw new Error(`The manifest was answered ${status}: ${body}`);
        return digestOf(tag);
    };
    const digestOf = async (tag: string): Promise<string> => {
        const { status, headers } = await client.ask(`/v2/team/app/manifests/${tag}`, {
            method: "HEAD",
            login: LOGIN,
            headers: { Accept: ACCEPT },
        });
        if (status !== 200) throw new Error(`team/app:${tag} was answered ${status}`);
        return String(headers["docker-content-digest"]);
    };

    const npm = (...args: string[]): Promise<Result> =>
        run(
            process.execPath,
            [
                ...[START, "import", ...args, "--stack", stack.name],
                ...["--config-file", join(stack.project, `Pulumi.${stack.name}.yaml`)],
            ],
            { env: stack.env },
        );
    const answers = () =>
        until("the registry answers", async () =>
            client.ask("/v2/", { login: LOGIN }).then(
                ({ status }) => (status === 200 ? true : undefined),
                () => undefined,
            ),
        );

    beforeAll(async () => {
        use({ dispose: async () => rmSync(folder, { recursive: true, force: true }) });
        await tutorialFiles(files);
        await imageOf28(image);
        use({ dispose: async () => void (await run("docker", ["rmi", "--force", image])) });
        use({ dispose: async () => void (await run("docker", ["volume", "rm", "--force", volume])) });
        use({ dispose: async () => void (await run("docker", ["rm", "--force", old])) });
        port = await freePort();
        stack = use(await Stack.create("import"));
        await docker(
            ...[
                "run",
                "--detach",
                "--name",
                old,
                "--restart",
                "always",
                "--publish",
                `127.0.0.1:${port}:443`,
            ],
            ...[
                "--volume",
                `${files}:/etc/docker/registry`,
                "--volume",
                `${volume}:/var/lib/registry`,
                image,
            ],
        );
        client = new RegistryClient(port, readFileSync(join(files, "ca.crt"), "utf8"), "127.0.0.1", NAME);
        use({ dispose: async () => client.close() });
        await answers();
        digest = await push("v1");
    }, 300_000);

    test("--dry-run tells what becomes of it, shows no secret and writes nothing", async () => {
        const before = readFileSync(join(stack.project, `Pulumi.${stack.name}.yaml`), "utf8");
        const { screen, code } = await npm("--from", old, "--dry-run");
        expect(code).toBe(0);
        for (const line of [
            `domain = ${NAME}`,
            `port = ${port}`,
            "tls.ownCa.cert = (PEM)",
            "tls.ownCa.key = (secret)",
            "users.admin.bcryptHash = (secret)",
            `storage.volume = ${volume}`,
            "logLevel = debug",
            "the user old of /etc/docker/registry/nginx.htpasswd: its hash is no bcrypt",
            "Your Company Name Docker Registry CA",
            "In place of what the stack has of bindAddress, domain, port.",
        ])
            expect(screen).toContain(line);
        for (const secret of ["$2y$", "PRIVATE KEY", PASSWORD]) expect(screen).not.toContain(secret);
        expect(readFileSync(join(stack.project, `Pulumi.${stack.name}.yaml`), "utf8")).toBe(before);
    });

    test("a compose file that is not running tells the same", async () => {
        const compose = join(files, "docker-compose.yml");
        writeFileSync(
            compose,
            `name: ${old}
services:
  registry:
    image: registry:2.8
    restart: always
    ports: ["127.0.0.1:\${PORT:-${port}}:443"]
    volumes:
      - ./:/etc/docker/registry
      - registry-data:/var/lib/registry
volumes:
  registry-data:
`,
        );
        const plan = async (from: string) => {
            const { stdout, screen, code } = await npm("--from", from, "--dry-run", "--json");
            if (code !== 0) throw new Error(screen);
            const { settings } = JSON.parse(stdout) as { settings: { path: string; value?: unknown }[] };
            return settings.map(({ path, value }) => ({ path, value }));
        };
        expect(await plan(compose)).toEqual(await plan(old));
        writeFileSync(compose, "services:\n  web:\n    image: nginx\n");
        expect((await npm("--from", compose)).screen).toContain(
            "no service with an image of the Docker registry; it has: web",
        );
        rmSync(compose);
    });

    test("what is none, or not there, is refused in a sentence", async () => {
        const sentences: [args: string[], told: string][] = [
            [[], "--from is not set"],
            [["--from", "no-such-container"], "There is no container no-such-container"],
            [["--from", "./no-such.yml"], "There is no file"],
            [["--from", old], "without a terminal, --yes"],
        ];
        for (const [args, told] of sentences) {
            const { screen, code } = await npm(...args);
            expect(screen).toContain(told);
            expect(code).toBe(1);
        }
    });

    test("after import, stop and up the clients go on: same CA, same password, same images", async () => {
        const written = await npm("--from", old, "--yes");
        expect(written.screen).toContain(`docker stop ${old} && npm run up`);
        expect(written.code).toBe(0);
        const text = readFileSync(join(stack.project, `Pulumi.${stack.name}.yaml`), "utf8");
        for (const secret of ["$2y$", "PRIVATE KEY"]) expect(text).not.toContain(secret);
        await docker("stop", old);
        await stack.up();
        expect(await digestOf("v1")).toBe(digest);
        expect((await client.ask("/v2/", { login: "admin:1234567" })).status).toBe(401);
        second = await push("v2");
        await stack.up("--expect-no-changes");
        // Of a stack that stands nothing is taken away by a second import.
        expect((await npm("--from", old, "--yes")).screen).toContain(
            "is deployed already, and nothing was changed",
        );
    });

    test("and back: destroy leaves the volume, and the old registry has it as it was, with what came since", async () => {
        await stack.destroy();
        expect(await objectsOf(stack.prefix)).toEqual([]);
        await docker("start", old);
        await answers();
        expect(await digestOf("v1")).toBe(digest);
        expect(await digestOf("v2")).toBe(second);
    });
});
