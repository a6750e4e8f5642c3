/** A stack as a folder for a host without Docker, at work with Debian's own registry package. */
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import { pemFile } from "./certificates";
import { cleanup } from "./cleanup";
import { DockerClient, objectsOf } from "./docker";
import { exampleSettings } from "./example";
import { Host } from "./host";
import { RegistryClient } from "./http";
import { must, type Result, run } from "./run";
import { Stack } from "./stack";

const ROOT = resolve(__dirname, "..", "..");
const ETC = "etc/docker/registry";

describe("a host without Docker", () => {
    const use = cleanup();
    const docker = use(new DockerClient());
    let stack: Stack;
    let host: Host;
    let folder: string;
    let passwords: Record<string, string>;
    let screens = "";

    const install = async (...args: string[]): Promise<Result> => {
        const result = await run("sh", [join(folder, "install.sh"), "--root", host.root, ...args]);
        screens += result.screen;
        return result;
    };
    /** An npm script of the kit, on a machine whose Docker does not answer. */
    const npmRun = async (...args: string[]): Promise<Result> => {
        const command = [join(ROOT, "setup", "start.cjs"), ...args, "--stack", stack.name];
        const env = { ...stack.env, DOCKER_HOST: "unix:///nonexistent/docker.sock" };
        const result = await run(process.execPath, command, { env, timeoutMs: 180_000 });
        screens += result.screen;
        return result;
    };
    const exportTo = (out: string, ...args: string[]): Promise<Result> =>
        npmRun("export", "--target", "systemd", "--out", out, ...args);

    beforeAll(async () => {
        stack = use(
            await Stack.create("systemd", {
                settings: { ...exampleSettings("systemd"), domain: "registry.e2e.test" },
            }),
        );
        folder = join(stack.folder, "export");
        host = use(await Host.create());
    });

    test("an export needs an `up` first, and says so", async () => {
        const { code, screen } = await exportTo(folder);
        expect(code).toBe(1);
        expect(screen).toContain(`run \`npm run up -- --stack ${stack.name}\` first`);
    });

    test("`npm run up` with target: systemd makes certificates and users, and asks for no Docker", async () => {
        use({ dispose: async () => rmSync(join(ROOT, "out", stack.name), { recursive: true, force: true }) });
        const { code, screen } = await npmRun(
            ...["up", "--config-file", join(stack.project, `Pulumi.${stack.name}.yaml`)],
        );
        expect(screen).toContain("Docker Engine:    none (target: systemd)");
        expect(code).toBe(0);
        expect(await objectsOf(stack.prefix)).toEqual([]);
        const { deployment } = await stack.exportState();
        expect(deployment.resources.filter(({ type }) => type.startsWith("docker:"))).toEqual([]);
        passwords = await stack.output<Record<string, string>>("passwords");
        const text = await stack.exportText();
        for (const secret of [...Object.values(passwords), "PRIVATE KEY", "$2y$"])
            expect(text).not.toContain(secret);
        await stack.up("--expect-no-changes");
    });

    test("the export is a folder for its owner alone, whose list of checksums holds", async () => {
        const { code, screen } = await exportTo(folder);
        expect(screen).toContain(folder);
        expect(code).toBe(0);
        expect(statSync(folder).mode & 0o777).toBe(0o700);
        const modes = await must("find", [folder, "-type", "f", "-printf", "%m\n"]);
        expect(new Set(modes.trim().split("\n"))).toEqual(new Set(["600"]));
        await must("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: folder });
        expect(readFileSync(join(folder, "ca.crt"), "utf8")).toBe(await stack.output("caCertificatePem"));
    });

    test("a second export replaces the first; a folder with anything else is refused", async () => {
        const list = readFileSync(join(folder, "SHA256SUMS"), "utf8");
        expect((await exportTo(folder)).code).toBe(0);
        expect(readFileSync(join(folder, "SHA256SUMS"), "utf8")).toBe(list);
        const { code, screen } = await exportTo(stack.folder);
        expect(code).toBe(1);
        expect(screen).toContain("which is of no export");
    });

    test("a folder that was tampered with is not installed, in no part", async () => {
        const before = await host.files();
        const good = folder;
        folder = join(stack.folder, "tampered");
        cpSync(good, folder, { recursive: true });
        appendFileSync(join(folder, "htpasswd"), "eve:$2y$05$x\n");
        const { code, screen } = await install();
        folder = good;
        expect(code).toBe(1);
        expect(screen).toContain("htpasswd: FAILED");
        expect(await host.files()).toEqual(before);
    });

    test("an export for registry 3 is not installed beside 2.8", async () => {
        const good = folder;
        folder = join(stack.folder, "three");
        expect((await exportTo(folder, "--registry-version", "3")).code).toBe(0);
        const before = await host.files();
        const { code, screen } = await install();
        folder = good;
        expect(code).toBe(1);
        expect(screen).toMatch(/is registry 2\.8\.\d: export again with --registry-version 2\.8/);
        expect(await host.files()).toEqual(before);
    });

    test("the installer keeps the package's configuration, and may run twice", async () => {
        const original = host.read(`${ETC}/config.yml`);
        const first = await install();
        expect(first.screen).toContain("/etc/docker/registry/config.yml as");
        expect(first.code).toBe(0);
        expect(host.read(`${ETC}/config.yml.before-private-registry`)).toBe(original);
        const files = await host.files();
        const second = await install();
        expect(second.screen).toBe(`The files are in place under ${host.root}.\n`);
        expect(await host.files()).toEqual(files);
        for (const [file, mode] of [
            ["config.yml", 0o640],
            ["htpasswd", 0o640],
            ["site.key", 0o640],
            ["site.crt", 0o644],
        ] as const)
            expect(statSync(join(host.root, ETC, file)).mode & 0o777).toBe(mode);
    });

    test("the unit is right for systemd, and leaves the registry little to attack with", async () => {
        const unit = "/etc/systemd/system/docker-registry.service";
        const verified = await host.run("systemd-analyze", "verify", unit);
        expect(verified).toMatchObject({ code: 0, screen: "" });
        // Tenths of the exposure level: 2.0 of 10, "OK". The unit of the package has 9.2, "UNSAFE".
        const threshold = ["security", "--offline=true", "--threshold=20"];
        const { code, screen } = await host.run("systemd-analyze", ...threshold, unit);
        expect(screen).toContain("Overall exposure level");
        expect(code).toBe(0);
        const packaged = join(host.root, "lib/systemd/system/docker-registry.service");
        expect((await run("systemd-analyze", [...threshold, packaged])).code).not.toBe(0);
    });

    test("Debian's registry runs with it, as an unprivileged user", async () => {
        host.giveFilesToService(
            ...["config.yml", "htpasswd", "site.key"].map((file) => `${ETC}/${file}`),
            "var/lib/docker-registry",
        );
        statSync(join(host.root, "var/lib/docker-registry"));
        await must("chmod", ["0770", join(host.root, "var/lib/docker-registry")]);
        await host.start(stack.port);
        const status = host.status();
        expect(status).toMatch(/^Name:\tdocker-registry$/m);
        expect(status).toMatch(/^CapEff:\t0+$/m);
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
        expect(status).not.toMatch(/^Uid:\t0\t/m);
    });

    test("docker logs in, pushes and pulls; a wrong password is refused", async () => {
        const address = `127.0.0.1:${stack.port}`;
        const image = `${address}/team/image:1`;
        await docker.image(image);
        expect((await docker.login(address, "admin", "wrong")).screen).toContain("401 Unauthorized");
        expect((await docker.run(["push", image])).screen).toContain("no basic auth credentials");
        expect(await docker.login(address, "admin", passwords.admin ?? "")).toMatchObject({ code: 0 });
        await docker.must(["push", image]);
        await docker.forget(image);
        await docker.must(["pull", image]);
        await docker.must(["logout", address]);
    });

    test("skopeo trusts it by the kit's CA alone", async () => {
        const address = `localhost:${stack.port}`;
        const [certs, none, auth] = ["certs", "no-certs", "auth.json"].map((name) =>
            join(stack.folder, name),
        ) as [string, string, string];
        for (const path of [certs, none]) mkdirSync(path);
        pemFile(certs, "ca.crt", readFileSync(join(folder, "ca.crt"), "utf8"));
        const known = ["--cert-dir", certs, "--authfile", auth];
        const login = ["login", "--username", "ci", "--password-stdin", ...known, address];
        await must("skopeo", login, { input: passwords.ci ?? "" });
        const both = ["--authfile", auth, "--src-cert-dir", certs, "--dest-cert-dir", certs];
        const [source, target] = ["image", "copy"].map((name) => `docker://${address}/team/${name}:1`) as [
            string,
            string,
        ];
        await must("skopeo", ["copy", "--insecure-policy", ...both, source, target]);
        await must("skopeo", ["inspect", ...known, target]);
        const unknown = await run("skopeo", ["inspect", "--authfile", auth, "--cert-dir", none, source]);
        expect(unknown.screen).toContain("certificate signed by unknown authority");
    });

    test("the stack's own options hold there: HTTP/1.1 alone, catalog limit, relative URLs", async () => {
        const client = await RegistryClient.of(stack);
        const login = `admin:${passwords.admin}`;
        expect((await client.ask("/v2/_catalog?n=501", { login })).status).toBe(400);
        const { headers } = await client.ask("/v2/team/image/blobs/uploads/", { method: "POST", login });
        expect(headers.location).toMatch(/^\/v2\//);
        client.close();
        const alpn = await run("openssl", [
            "s_client",
            "-alpn",
            "h2,http/1.1",
            "-connect",
            `127.0.0.1:${stack.port}`,
        ]);
        expect(alpn.screen).toContain("ALPN protocol: http/1.1");
    });

    test("SIGTERM ends it in order", async () => {
        const result = await host.stop();
        expect(result?.screen).toContain("stopping server gracefully");
        expect(result?.code).toBe(0);
    });

    test("an edited file is kept; the uninstaller leaves what was there before, and the images", async () => {
        const before = await host.files();
        host.write(`${ETC}/htpasswd`, "edited\n");
        const script = join(host.root, ETC, "private-registry-uninstall.sh");
        const first = await run("sh", [script, "--root", host.root]);
        expect(first.screen).toContain("The images stay in /var/lib/docker-registry.");
        expect(first.code).toBe(0);
        const second = await run("sh", [join(folder, "uninstall.sh"), "--root", host.root]);
        expect(second).toMatchObject({ code: 0, screen: "Nothing is installed.\n" });

        const after = await host.files();
        expect(host.read(`${ETC}/htpasswd.edited`)).toBe("edited\n");
        expect(host.read(`${ETC}/config.yml`)).toContain("rootdirectory: /var/lib/docker-registry");
        expect(after.filter((file) => file.startsWith(ETC)).map((file) => file.split(" ")[0])).toEqual([
            ETC,
            `${ETC}/config.yml`,
            `${ETC}/htpasswd.edited`,
        ]);
        expect(after.filter((file) => file.startsWith("etc/systemd"))).toEqual([]);
        const images = (files: string[]) =>
            files.filter((file) => file.startsWith("var/lib/docker-registry/"));
        expect(images(after)).toEqual(images(before));
        expect(images(after).length).toBeGreaterThan(5);
    });

    test("the same stack with and without Docker has the same CA, certificate and users", async () => {
        const key = readFileSync(join(folder, "site.key"), "utf8");
        const ca = await stack.output("caCertificatePem");
        await stack.configure({ target: "docker", containerName: `${stack.prefix}-named` });
        await stack.up();
        expect(await stack.output("caCertificatePem")).toBe(ca);
        const client = await RegistryClient.of(stack);
        expect((await client.ask("/v2/", { login: `admin:${passwords.admin}` })).status).toBe(200);
        client.close();

        // A stack with a container can be exported too; what speaks of Docker is named.
        const { code, screen } = await exportTo(folder);
        expect(screen).toContain("Left out: containerName: there is no container");
        expect(code).toBe(0);
        expect(readFileSync(join(folder, "site.key"), "utf8")).toBe(key);

        await stack.unset("containerName");
        await stack.configure({ target: "systemd" });
        await stack.up();
        expect(await objectsOf(stack.prefix)).toEqual([`volume ${stack.prefix}-data`]);
        expect(await stack.output("caCertificatePem")).toBe(ca);
    });

    test("no secret was ever on the screen", () => {
        expect(screens).toContain("registry 2.8");
        for (const secret of [...Object.values(passwords), "PRIVATE KEY", "$2y$"])
            expect(screens).not.toContain(secret);
    });
});
