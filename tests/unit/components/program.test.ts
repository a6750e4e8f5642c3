/** index.ts, as `pulumi up` runs it. */
import { deploy, makeCertificates } from "./deploy";
import { settled, valueOf } from "./mocks";

import * as pulumi from "@pulumi/pulumi";

beforeAll(makeCertificates);
const { DOCKER_HOST } = process.env;
// No Engine has a say in these tests.
beforeAll(() => (process.env.DOCKER_HOST = "unix:///nowhere/docker.sock"));
afterAll(() => {
    if (DOCKER_HOST === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = DOCKER_HOST;
});
afterEach(() => pulumi.runtime.setAllConfig({}));

/** Loads the program anew; `deploy` first, so that the mocks compute what providers would. */
async function run(config: Record<string, string>): Promise<Record<string, pulumi.Output<unknown>>> {
    const { all } = await deploy();
    all.length = 0;
    const namespaced = Object.entries(config).map(([key, value]) => [`private-registry:${key}`, value]);
    pulumi.runtime.setAllConfig(Object.fromEntries(namespaced) as Record<string, string>);
    let exported: Record<string, pulumi.Output<unknown>> = {};
    try {
        await jest.isolateModulesAsync(async () => {
            // The program must meet the Pulumi runtime that has the mocks, and not one of its own.
            jest.doMock("@pulumi/pulumi", () => pulumi);
            exported = ((await import("../../../index")) as unknown as { default: typeof exported }).default;
        });
        await settled();
    } finally {
        registered = all.map(({ name }) => name);
    }
    return exported;
}
let registered: string[] = [];

test("configuration in, the outputs out", async () => {
    const exported = await run({ domain: "a.b", port: "8443", users: '{"admin":{"generate":true}}' });
    expect(Object.keys(exported).sort()).toEqual([
        "caCertificatePem",
        "clientSetup",
        "endpoint",
        "hostExport",
        "identity",
        "loginCommand",
        "mirrors",
        // Nothing of Nexus where there is none: Pulumi warns of an output that is undefined.
        "passwords",
        "users",
    ]);
    expect(registered).toContain("registry-container");
    expect(await valueOf(exported.endpoint as pulumi.Output<string>)).toBe("https://a.b:8443");
    expect(await valueOf(exported.loginCommand as pulumi.Output<string>)).toBe(
        "docker login -u admin a.b:8443",
    );
    for (const secret of [exported.passwords, exported.users, exported.hostExport])
        expect(await pulumi.isSecret(secret as pulumi.Output<unknown>)).toBe(true);
});

test("target: systemd registers certificates and users, and nothing of Docker", async () => {
    const exported = await run({
        domain: "a.b",
        target: "systemd",
        users: '{"admin":{"generate":true}}',
        memoryMb: "256",
    });
    expect(registered).toContain("registry-ca-cert");
    expect(registered.filter((name) => /container|volume|network|image|engine/.test(name))).toEqual([]);
    expect(await valueOf(exported.endpoint as pulumi.Output<string>)).toBe("https://a.b");
    expect(await valueOf(exported.hostExport as pulumi.Output<unknown>)).toMatchObject({
        leftOut: [],
        refused: [],
        host: {
            name: expect.stringMatching(/./) as string,
            port: 443,
            memoryMb: 256,
            settings: { tls: true, realm: "basic-realm" },
            htpasswd: expect.stringMatching(/^admin:\$2y\$04\$/) as string,
            tls: { privateKeyPem: expect.stringContaining("PRIVATE KEY") as string },
        },
    });
});

test("a wrong configuration stops the program before anything is registered", async () => {
    await expect(run({ domain: "a b", users: '{"admin":{"generate":true}}' })).rejects.toThrow(
        /private-registry:domain is "a b"/,
    );
    expect(registered).toEqual([]);
});
