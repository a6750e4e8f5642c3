/** Commands on a running stack: client, doctor and catalog, as an operator starts them. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join, resolve } from "node:path";

import { certificateFingerprint } from "../../clients/installer";

import { cleanup } from "./cleanup";
import { docker as engine, DockerClient } from "./docker";
import { RegistryClient } from "./http";
import { must, type Result, run } from "./run";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "./stack";

const START = resolve(__dirname, "../../setup/start.cjs");
const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const OCI_INDEX = "application/vnd.oci.image.index.v1+json";

/** A certificate of its own for a name, with its key. */
async function selfSigned(name: string): Promise<{ key: string; cert: string }> {
    const pem = await must("openssl", [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "-"],
        ...["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
    ]);
    return { key: pem, cert: pem };
}

describe("commands on a running stack", () => {
    const use = cleanup();
    const docker = use(new DockerClient());
    let stack: Stack;
    let caPem: string;
    const npm = (...args: string[]): Promise<Result> =>
        run(process.execPath, [START, ...args, "--stack", stack.name], { env: stack.env });

    beforeAll(async () => {
        stack = use(await Stack.create("operate", { settings: ADMIN }));
        await stack.up();
        caPem = await stack.output("caCertificatePem");
    });

    test("catalog counts images and an index, page by page, what is shared once", async () => {
        const address = `localhost:${stack.port}`;
        await docker.login(address, "admin", PASSWORD);
        for (const name of ["a/one:1", "b/two:1"]) await docker.image(`${address}/${name}`);
        for (const name of ["a/one:1", "b/two:1"]) await docker.must(["push", `${address}/${name}`]);
        await docker.must(["tag", `${address}/a/one:1`, `${address}/a/one:2`]);
        await docker.must(["push", `${address}/a/one:2`]);
        const client = await RegistryClient.of(stack);
        const one = await client.ask("/v2/a/one/manifests/1", { headers: { Accept: DOCKER_MANIFEST } });
        const digest = `sha256:${createHash("sha256").update(one.body).digest("hex")}`;
        const size = one.body.length;
        const index = JSON.stringify({
            schemaVersion: 2,
            mediaType: OCI_INDEX,
            manifests: [{ mediaType: DOCKER_MANIFEST, digest, size }],
        });
        const put = { method: "PUT", headers: { "Content-Type": OCI_INDEX }, body: Buffer.from(index) };
        expect((await client.ask("/v2/a/one/manifests/index", put)).status).toBe(201);
        client.close();

        const { config, layers } = JSON.parse(one.body) as Record<"config", { size: number }> & {
            layers: { size: number }[];
        };
        const image = size + config.size + layers.reduce((sum, layer) => sum + layer.size, 0);
        for (const pages of [[], ["--page-size", "1"]]) {
            const { code, stdout, screen } = await npm("catalog", "--json", ...pages);
            expect({ code, screen }).toMatchObject({ code: 0 });
            const { repositories, bytes } = JSON.parse(stdout) as {
                bytes: number;
                repositories: { repository: string; bytes: number; tags: object[] }[];
            };
            expect(repositories.map(({ repository }) => repository)).toEqual(["a/one", "b/two"]);
            expect(repositories[0]).toMatchObject({ bytes: image + index.length });
            expect(repositories[0]?.tags).toEqual([
                { tag: "1", digest, images: 1, bytes: image },
                { tag: "2", digest, images: 1, bytes: image },
                expect.objectContaining({ tag: "index", images: 1, bytes: image + index.length }) as object,
            ]);
            expect(bytes).toBe((repositories[0]?.bytes ?? 0) + (repositories[1]?.bytes ?? 0));
        }
        expect((await npm("catalog")).stdout).toContain("a/one:index");
    });

    test("catalog and client refuse an argument that they do not know", async () => {
        const wrong = await npm("catalog", "--jsn");
        expect(wrong).toMatchObject({ code: 1 });
        expect(wrong.screen).toContain("npm run catalog: Unknown option '--jsn'; there are: --json");
        expect((await npm("client", "--for", "dokcer")).screen).toContain(
            '--for is "dokcer"; it must be one of docker,',
        );
    });

    test("client --apply puts the CA where tools find it, keeps a daemon.json, and --remove takes it back", async () => {
        const root = join(stack.folder, "root");
        const name = `${DOMAIN}:${stack.port}`;
        mkdirSync(join(root, "etc"), { recursive: true });
        writeFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
        const flags = ["client", "--for", "docker", "--root", root, "--ip", "192.0.2.1"];
        const applied = await npm(...flags, "--apply");
        expect({ ...applied, stdout: "" }).toMatchObject({ code: 0 });
        expect(applied.screen).toContain("+192.0.2.1 registry.e2e.test");
        const folder = join(root, "etc/docker/certs.d", name);
        expect(readFileSync(join(folder, "ca.crt"), "utf8")).toBe(caPem);
        expect((await npm(...flags, "--apply")).screen).toContain("All is there already.");

        // skopeo reads the folder as Docker does, by the name of the registry.
        const auth = join(stack.folder, "auth.json");
        await must(
            "skopeo",
            [
                "login",
                "--username",
                "admin",
                "--password-stdin",
                "--authfile",
                auth,
                "--cert-dir",
                folder,
                `localhost:${stack.port}`,
            ],
            { input: PASSWORD },
        );
        expect(await npm(...flags, "--remove")).toMatchObject({ code: 0 });
        expect(readFileSync(join(root, "etc/hosts"), "utf8")).toBe("127.0.0.1 localhost\n");
        expect(() => readFileSync(join(folder, "ca.crt"))).toThrow("ENOENT");
    });

    test("client.sh is fetched and run by the printed line only where its SHA-256 is right", async () => {
        const out = join(stack.folder, "out");
        expect(await npm("client", "--for", "docker", "--out", out)).toMatchObject({ code: 0 });
        const text = readFileSync(join(out, "client.sh"), "utf8");
        expect(text).toContain(certificateFingerprint(caPem));
        const { stdout } = await npm("client", "--for", "docker", "--out", out);
        const line = stdout.split("\n").find((one) => one.includes("client.sh")) ?? "";
        let served = text;
        const server = createServer((_, response) => response.end(served)).listen(0, "127.0.0.1");
        await once(server, "listening");
        use({ dispose: () => new Promise((done) => server.close(() => done())) });
        const { port } = server.address() as { port: number };
        // The same line, with the test's server for the front and without sudo.
        const root = join(stack.folder, "client-root");
        mkdirSync(join(root, "etc/docker"), { recursive: true });
        const here = line
            .replace(`https://${DOMAIN}:${stack.port}/`, `http://127.0.0.1:${port}/`)
            .replace("sudo sh", "busybox sh")
            .concat(` --root ${root}`);
        const file = join(root, "etc/docker/certs.d", `${DOMAIN}:${stack.port}`, "ca.crt");
        served = text.replace("set -eu", "set -eu; echo EVIL");
        const refused = await run("sh", ["-c", here]);
        expect(refused.code).not.toBe(0);
        expect(refused.screen).not.toContain("EVIL");
        expect(() => readFileSync(file)).toThrow("ENOENT");
        served = text;
        expect(await run("sh", ["-c", here])).toMatchObject({ code: 0 });
        expect(readFileSync(file, "utf8").trim()).toBe(caPem.trim());
    });

    test("doctor finds a healthy stack without a failure, and shows no password", async () => {
        const { code, screen } = await npm("doctor");
        expect(screen).not.toContain("failure");
        // The test's domain is in no DNS, and no client of this machine knows its CA: warnings.
        expect(code).toBe(1);
        for (const line of [
            "engine: Docker Engine",
            "container: ",
            "ok       collection: none at work",
            "login: admin is let in",
            "image: registry 3.",
        ])
            expect(screen).toContain(line);
        for (const name of [
            "push",
            "pull",
            "delete",
            "certificate's name",
            "certificate's end",
            "ip_forward",
        ])
            expect(screen).toContain(`ok       ${name}: `);
        // Of the data, not of what a container that ran for a moment has at the same path.
        expect(screen).toMatch(new RegExp(`disk: .* at \\S+/${stack.prefix}-data/_data$`, "m"));
        expect(screen).toMatch(/plugins: the (official|embedded) provider plugins/);
        expect(screen).not.toContain(PASSWORD);
    });

    test("doctor tells programs the same as JSON", async () => {
        const { code, stdout } = await npm("doctor", "--json");
        expect(code).toBe(1);
        const found = JSON.parse(stdout) as { name: string; level: string; text: string; fix?: string }[];
        expect(found.filter(({ level }) => level === "failure")).toEqual([]);
        expect(found).toContainEqual(
            expect.objectContaining({
                name: "login",
                level: "ok",
                text: expect.stringMatching(/^admin is let in/),
            }),
        );
        expect(found.filter(({ level }) => level === "warning").every(({ fix }) => fix)).toBe(true);
    });

    test("doctor names a stopped container, and who took its port", async () => {
        await engine("stop", stack.prefix);
        const stopped = await npm("doctor");
        expect(stopped.code).toBe(2);
        expect(stopped.screen).toContain(
            `failure  container: ${stack.prefix} is exited → pulumi up --stack ${stack.name} --refresh`,
        );
        expect(stopped.screen).toContain(`failure  port: nothing listens on port ${stack.port}`);
        const thief = createServer().listen(stack.port, "127.0.0.1");
        await once(thief, "listening");
        try {
            expect((await npm("doctor")).screen).toContain("is taken by another program");
        } finally {
            await new Promise((done) => thief.close(done));
            await engine("start", stack.prefix);
        }
    });

    test("doctor tells of an Engine that does not answer, and goes on", async () => {
        const env = { ...stack.env, DOCKER_HOST: "unix:///nonexistent/docker.sock" };
        const { code, screen } = await run(process.execPath, [START, "doctor", "--stack", stack.name], {
            env,
        });
        expect(screen).toMatch(/^failure {2}engine: nothing answers at unix:\/\/\/nonexistent/m);
        expect(screen).toContain("ok       collection: not looked at: no Engine answers");
        expect(screen).toContain("ok       login: admin is let in");
        expect(screen).not.toMatch(/^\s+at /m);
        expect(code).toBe(2);
    });

    test("doctor sees a server whose certificate is for another name, and a CA that is not its own", async () => {
        const { key, cert } = await selfSigned("other.e2e.test");
        await engine("stop", stack.prefix);
        const impostor = createTlsServer({ key, cert }).listen(stack.port, "127.0.0.1");
        await once(impostor, "listening");
        try {
            const { code, screen } = await npm("doctor");
            expect(code).toBe(2);
            expect(screen).toContain(`is for DNS:other.e2e.test, not for ${DOMAIN}`);
            expect(screen).toMatch(/failure {2}login: .*(self-signed|unable to verify|altnames)/);
        } finally {
            impostor.closeAllConnections();
            await new Promise((done) => impostor.close(done));
            await engine("start", stack.prefix);
        }
    });

    test("client prints what to do, and an unreadable record is left as it is", async () => {
        const root = join(stack.folder, "broken");
        mkdirSync(join(root, "var/lib/private-registry"), { recursive: true });
        const ledger = join(root, "var/lib/private-registry/client.json");
        const text = randomBytes(4).toString("hex") + "{";
        writeFileSync(ledger, text);
        expect(await npm("client", "--for", "docker", "--root", root, "--apply")).toMatchObject({ code: 1 });
        expect(readFileSync(ledger, "utf8")).toBe(text);
        const printed = await npm("client", "--for", "docker");
        expect(printed.stdout).toContain(`mkdir -p /etc/docker/certs.d/${DOMAIN}:${stack.port}`);
    });
});
