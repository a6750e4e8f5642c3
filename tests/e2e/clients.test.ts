/** The main job: a registry comes up, and clients that trust nothing but its CA work with it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { handshake, pemFile } from "./certificates";
import { cleanup } from "./cleanup";
import { distrustCa, DockerClient, outerAddress, trustCa } from "./docker";
import { RegistryClient } from "./http";
import { must, run } from "./run";
import { DOMAIN, PASSWORD, Stack } from "./stack";

// Docker asks 127.0.0.0/8 for no certificate, so the registry listens where it does.
const HOST = outerAddress();

describe("clients of a registry", () => {
    const use = cleanup();
    const docker = use(new DockerClient());
    let stack: Stack;
    let address: string;
    let caFile: string;
    let image: string;

    beforeAll(async () => {
        stack = use(
            await Stack.create("clients", {
                settings: { "ipAddresses[0]": HOST, bindAddress: HOST, "users.ci.generate": "true" },
            }),
        );
        // Word for word as the README has it.
        await stack.must(["config", "set", "--secret", "--path", "users.admin.password", PASSWORD]);
        await stack.up();
        address = `${HOST}:${stack.port}`;
        use({ dispose: () => distrustCa(address) });
        caFile = pemFile(stack.folder, "ca.crt", await stack.output("caCertificatePem"));
        image = `${address}/team/image:1`;
    });

    test("the outputs tell how to use it", async () => {
        expect(await stack.output("endpoint")).toBe(`https://${DOMAIN}:${stack.port}`);
        expect(await stack.output("loginCommand")).toBe(`docker login -u admin ${DOMAIN}:${stack.port}`);
        expect(await stack.output("passwords")).toEqual({
            admin: PASSWORD,
            ci: expect.stringMatching(/^[A-Za-z0-9]{24}$/) as string,
        });
        expect(await stack.output<Record<string, string>>("clientSetup")).toHaveProperty("docker");
    });

    test("docker refuses a CA that it does not know", async () => {
        const { code, screen } = await docker.login(address, "admin", PASSWORD);
        expect(code).not.toBe(0);
        expect(screen).toContain("x509: certificate signed by unknown authority");
    });

    test("docker logs in, pushes and pulls with the CA alone, and is refused after logout", async () => {
        await trustCa(address, await stack.output("caCertificatePem"));
        await docker.image(image);

        expect((await docker.login(address, "admin", "wrong")).screen).toContain("401 Unauthorized");
        expect(await docker.login(address, "admin", PASSWORD)).toMatchObject({ code: 0 });
        await docker.must(["push", image]);
        const id = await docker.must(["image", "inspect", "--format", "{{.Id}}", image]);
        await docker.forget(image);
        await docker.must(["pull", image]);
        expect(await docker.must(["image", "inspect", "--format", "{{.Id}}", image])).toBe(id);

        await docker.must(["logout", address]);
        const refused = await docker.run(["push", image]);
        expect(refused.code).not.toBe(0);
        expect(refused.screen).toContain("no basic auth credentials");
    });

    test("a user with a generated password logs in", async () => {
        const { ci = "" } = await stack.output<Record<string, string>>("passwords");
        expect(await docker.login(address, "ci", ci)).toMatchObject({ code: 0 });
        await docker.must(["logout", address]);
    });

    test("curl lists the catalog under the domain", async () => {
        // From a file, as a careful user would: a password in the arguments shows in `ps`.
        const config = `user = "admin:${PASSWORD}"\nurl = "https://${DOMAIN}:${stack.port}/v2/_catalog"\n`;
        const args = ["-sS", "--fail", "--cacert", caFile, "--resolve", `${DOMAIN}:${stack.port}:${HOST}`];
        const catalog = await must("curl", [...args, "--config", "-"], { input: config });
        expect(JSON.parse(catalog)).toEqual({ repositories: ["team/image"] });
    });

    test("skopeo copies there and back with the CA alone", async () => {
        const certs = join(stack.folder, "certs");
        const auth = join(stack.folder, "auth.json");
        mkdirSync(certs);
        pemFile(certs, "ca.crt", await stack.output("caCertificatePem"));
        const known = ["--cert-dir", certs, "--authfile", auth];
        const login = ["login", "--username", "admin", "--password-stdin", ...known, address];
        await must("skopeo", login, { input: PASSWORD });

        const source = `docker://${image}`;
        const target = `docker://${address}/team/copy:1`;
        const both = ["--authfile", auth, "--src-cert-dir", certs, "--dest-cert-dir", certs];
        await must("skopeo", ["copy", "--insecure-policy", ...both, source, target]);
        const tags = await must("skopeo", ["list-tags", ...known, `docker://${address}/team/copy`]);
        expect(JSON.parse(tags)).toMatchObject({ Tags: ["1"] });
        await must("skopeo", ["delete", ...known, target]);

        // Without a folder of its own it would read Docker's, which the test above wrote.
        const none = join(stack.folder, "no-certs");
        mkdirSync(none);
        const unknown = await run("skopeo", ["inspect", "--authfile", auth, "--cert-dir", none, source]);
        expect(unknown.code).not.toBe(0);
        expect(unknown.screen).toContain("certificate signed by unknown authority");
    });

    test.each(["-tls1_2", "-tls1_3"])("openssl accepts the certificate with %s", async (version) => {
        const { code, screen } = await handshake(address, DOMAIN, caFile, version);
        expect(screen).toContain("Verify return code: 0 (ok)");
        expect(code).toBe(0);
    });

    test("TLS 1.1 is refused by the registry", async () => {
        // openssl itself offers TLS 1.1 only at security level 0.
        const { code, screen } = await handshake(
            address,
            DOMAIN,
            caFile,
            "-tls1_1",
            "-cipher",
            "DEFAULT:@SECLEVEL=0",
        );
        expect(code).not.toBe(0);
        expect(screen).toContain("tlsv1 alert protocol version");
    });

    test("openssl refuses another name and another CA", async () => {
        const name = await handshake(address, "other.e2e.test", caFile);
        expect(name.screen).toContain("hostname mismatch");
        const [other] = await must("openssl", [
            ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"],
            ...["-subj", "/CN=Other", "-keyout", "/dev/null"],
        ]).then((pem) => [pemFile(stack.folder, "other.crt", pem)]);
        const authority = await handshake(address, DOMAIN, other ?? "");
        expect(authority.code).not.toBe(0);
        expect(authority.screen).toContain("unable to get local issuer certificate");
    });

    test.each([
        ["a wrong password", "admin:wrong"],
        ["an unknown user", `nobody:${PASSWORD}`],
        ["no login", ""],
    ])("%s is answered 401", async (_, login) => {
        const client = await RegistryClient.of(stack, HOST);
        const { status, headers } = await client.ask("/v2/", { login });
        client.close();
        expect(status).toBe(401);
        expect(headers["www-authenticate"]).toBe('Basic realm="basic-realm"');
    });
});
