/** What goes wrong behind Pulumi's back or in its way: one clear sentence, nothing lost, and the next `up` mends it. */
import { createServer } from "node:net";

import { cleanup } from "./cleanup";
import { docker, inspect, objectsOf } from "./docker";
import { RegistryClient } from "./http";
import { ADMIN, Stack } from "./stack";

describe("a deployment that is disturbed", () => {
    const use = cleanup();
    let stack: Stack;
    let ca: string;
    let blob: string;

    beforeAll(async () => {
        stack = use(await Stack.create("faults", { settings: ADMIN }));
        await stack.up();
        ca = await stack.output("caCertificatePem");
        const client = await RegistryClient.of(stack);
        blob = (await client.upload("team/image")).digest;
        client.close();
    });

    /** The registry answers with the first CA and has the data. */
    const intact = async (port = stack.port) => {
        const client = new RegistryClient(port, ca);
        const { status } = await client.ask(`/v2/team/image/blobs/${blob}`, { method: "HEAD" });
        client.close();
        expect(status).toBe(200);
        expect(await stack.output("caCertificatePem")).toBe(ca);
    };
    const everything = () => [
        `container ${stack.prefix}`,
        `container ${stack.prefix}-config`,
        `network ${stack.prefix}`,
        `volume ${stack.prefix}-config`,
        `volume ${stack.prefix}-data`,
    ];

    test("a killed registry is back after `up --refresh`", async () => {
        await docker("kill", stack.prefix);
        await stack.up("--refresh");
        expect((await inspect(stack.prefix)).State.Running).toBe(true);
        await intact();
    });

    test("a container removed by hand is back after `up --refresh`", async () => {
        await docker("rm", "--force", stack.prefix);
        await stack.up("--refresh");
        await intact();
    });

    test("all but the data removed by hand is back after `up --refresh`", async () => {
        await docker("rm", "--force", "--volumes", stack.prefix, `${stack.prefix}-config`);
        await docker("network", "rm", stack.prefix);
        await docker("volume", "rm", `${stack.prefix}-config`);
        await stack.up("--refresh");
        expect(await objectsOf(stack.prefix)).toEqual(everything());
        await intact();
        await stack.up("--expect-no-changes");
    });

    test("a port that is taken is named, and the next `up` with a free one works", async () => {
        const server = createServer();
        const port = await new Promise<number>((done) =>
            server.listen(0, "127.0.0.1", () => done((server.address() as { port: number }).port)),
        );
        try {
            await stack.must(["config", "set", "port", String(port)]);
            const { code, screen } = await stack.tryUp();
            expect(code).not.toBe(0);
            expect(screen).toContain(
                `Port ${port} of 127.0.0.1 is taken by another program. Stop that program, or choose another port`,
            );
        } finally {
            await new Promise((done) => server.close(done));
        }
        await stack.must(["config", "set", "port", String(stack.port)]);
        await stack.up();
        await intact();
        expect(await objectsOf(stack.prefix)).toEqual(everything());
    });
});

describe("a deployment that cannot begin", () => {
    const use = cleanup();

    test("every mistake of the configuration is told at once, and nothing is made", async () => {
        const stack = use(
            await Stack.create("wrong", {
                settings: {
                    domain: "https://registry.example.com",
                    front: "on",
                    "tls.ownCa.site.earlyRenewalDays": "400",
                    "users.a.password": { secret: "x".repeat(73) },
                    colour: "blue",
                    "registryConfig.http.addr": ":1",
                },
            }),
        );
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        for (const text of [
            "The configuration has 6 mistakes; nothing was changed.",
            'private-registry:domain is "https://registry.example.com"; it must be a host name',
            "fix: pulumi config set domain docker.example.com",
            "private-registry:front is set to a value that is not shown; it must be an object (front.*), true or false",
            "private-registry:tls.ownCa.site.earlyRenewalDays is 400, not less than tls.ownCa.site.validityDays (397)",
            "private-registry:users.a has a password of 73 bytes; bcrypt reads 72 at most",
            "private-registry:colour is not an option of the kit",
            "fix: pulumi config rm colour",
            "private-registry:registryConfig.http.addr contradicts what the kit sets; change port and bindAddress",
        ])
            expect(screen).toContain(text);
        expect(screen).not.toContain("xxxx");
        expect(screen).not.toMatch(/^\s+at /m);
        expect(await objectsOf(stack.prefix)).toEqual([]);
        const { deployment } = await stack.exportState();
        expect(deployment.resources.filter(({ type }) => !type.startsWith("pulumi:"))).toEqual([]);
    });

    test("an Engine that does not answer is named", async () => {
        const host = "unix:///nonexistent/docker.sock";
        const stack = use(
            await Stack.create("down", { settings: { ...ADMIN, dockerHost: host }, ownPlugins: true }),
        );
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        // The official plugin's words, or the embedded one's.
        expect(screen).toMatch(/error: .*(docker daemon|Docker Engine)/);
        expect(screen).not.toMatch(/^\s+at /m);
        await stack.unset("dockerHost");
        await stack.up();
    });
});
