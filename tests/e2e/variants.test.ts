/** The other ways to have certificates and users: the user's own CA, files, plain HTTP, no login. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type Chain, handshake, makeChain, profile, served } from "./certificates";
import { cleanup } from "./cleanup";
import { DockerClient } from "./docker";
import { RegistryClient } from "./http";
import { ADMIN, DOMAIN, PASSWORD, Stack } from "./stack";

describe("certificates that the user brings", () => {
    const use = cleanup();
    let stack: Stack;
    let chain: Chain;
    let address: string;
    const read = (file: string) => readFileSync(join(stack.project, file), "utf8");

    beforeAll(async () => {
        stack = use(await Stack.create("own", { settings: ADMIN }));
        chain = await makeChain(stack.project, DOMAIN);
        address = `127.0.0.1:${stack.port}`;
    });

    test("a CA: it signs the site certificate, and clients that trust it need nothing else", async () => {
        // The key as text from standard input, which encrypts it in the stack's file; the certificate as a path.
        await stack.must(["config", "set", "--path", "tls.ownCa.cert", `./${chain.root}`]);
        await stack.must(["config", "set", "--secret", "--path", "tls.ownCa.key"], read(chain.rootKey));
        await stack.up();
        expect(await stack.output("caCertificatePem")).toBe(read(chain.root));
        const { code } = await handshake(address, DOMAIN, join(stack.project, chain.root));
        expect(code).toBe(0);
        expect((await profile((await served(address, DOMAIN))[0] ?? "")).Issuer).toBe("CN = Test Root");
        expect(await stack.exportText()).not.toContain("PRIVATE KEY");
        await stack.up("--expect-no-changes");
    });

    test("a certificate with its chain: it is served as it is, and the root is what clients trust", async () => {
        await stack.unset("tls");
        await stack.must(["config", "set", "--path", "tls.files.cert", `./${chain.leaf}`]);
        await stack.must(["config", "set", "--path", "tls.files.key", `./${chain.leafKey}`]);
        await stack.must(["config", "set", "--path", "tls.files.chain", `./${chain.middle}`]);
        await stack.up();
        const fingerprint = (pem: string) => createHash("sha256").update(pem.trim()).digest("hex");
        expect((await served(address, DOMAIN)).map(fingerprint)).toEqual(
            [chain.leaf, chain.middle].map((file) => fingerprint(read(file))),
        );
        const { code } = await handshake(address, DOMAIN, join(stack.project, chain.root));
        expect(code).toBe(0);
        expect(await stack.exportText()).not.toContain("PRIVATE KEY");
        await stack.up("--expect-no-changes");
    });

    test("a certificate of another name is refused before anything changes", async () => {
        const before = await served(address, DOMAIN);
        await stack.configure({ domain: "other.e2e.test" });
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain("is not valid for other.e2e.test");
        expect(await served(address, DOMAIN)).toEqual(before);
    });
});

describe("a registry of a closed network", () => {
    const use = cleanup();
    const docker = use(new DockerClient());
    let stack: Stack;
    let image: string;

    beforeAll(async () => {
        stack = use(
            await Stack.create("plain", { settings: { ...ADMIN, "tls.off": "true", accessLog: "true" } }),
        );
        await stack.up();
        image = `localhost:${stack.port}/team/image:1`;
        await docker.image(image);
    });

    test("without TLS: login, push and pull by docker", async () => {
        expect(await stack.output("endpoint")).toBe(`http://${DOMAIN}:${stack.port}`);
        expect(await stack.output("caCertificatePem")).toBe("");
        const setup = await stack.output<Record<string, string>>("clientSetup");
        expect(setup.systemd).toContain(`{"insecure-registries":["${DOMAIN}:${stack.port}"]}`);

        expect((await docker.run(["push", image])).screen).toContain("no basic auth credentials");
        expect(await docker.login(`localhost:${stack.port}`, "admin", PASSWORD)).toMatchObject({ code: 0 });
        await docker.must(["push", image]);
        await docker.must(["logout", `localhost:${stack.port}`]);
        expect((await docker.run(["logs", stack.prefix])).screen).toContain("PUT /v2/team/image/manifests/1");
    });

    test("without users: anyone pulls and pushes", async () => {
        await stack.unset("users");
        await stack.must(["config", "set", "auth", "false"]);
        await stack.up();
        await docker.forget(image);
        await docker.must(["pull", image]);
        await docker.must(["push", image]);
        const client = new RegistryClient(stack.port);
        expect((await client.ask("/v2/_catalog", { login: "" })).body).toBe(
            '{"repositories":["team/image"]}\n',
        );
        client.close();
        expect(await stack.output("loginCommand")).toBe("# no login: authentication is off");
        await stack.up("--expect-no-changes");
    });

    test("any registry option is reachable, and headers are those of the configuration", async () => {
        await stack.configure({
            "registryConfig.catalog.maxentries": "1",
            "headers.X-Frame-Options[0]": "DENY",
        });
        await stack.up();
        const client = new RegistryClient(stack.port);
        await client.upload("second/image");
        const { status } = await client.ask("/v2/_catalog?n=2", { login: "" });
        expect(status).toBe(400);
        const { headers } = await client.ask("/v2/", { login: "" });
        expect(headers).toMatchObject({ "x-frame-options": "DENY" });
        client.close();
    });
});
