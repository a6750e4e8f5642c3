/** index.ts, as `pulumi up` runs it. */
import { deploy, makeCertificates } from "./deploy";
import { settled, valueOf } from "./mocks";

import * as pulumi from "@pulumi/pulumi";

beforeAll(makeCertificates);
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
            exported = (await import("../../../index")) as typeof exported;
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
        "loginCommand",
        // Nothing where there is no Nexus.
        "nexusAdminPassword",
        "nexusUrl",
        "passwords",
    ]);
    expect(registered).toContain("registry-container");
    expect(await valueOf(exported.endpoint as pulumi.Output<string>)).toBe("https://a.b:8443");
    expect(await valueOf(exported.loginCommand as pulumi.Output<string>)).toBe(
        "docker login -u admin a.b:8443",
    );
    expect(await pulumi.isSecret(exported.passwords as pulumi.Output<unknown>)).toBe(true);
});

test("a wrong configuration stops the program before anything is registered", async () => {
    await expect(run({ domain: "a b", users: '{"admin":{"generate":true}}' })).rejects.toThrow(
        /private-registry:domain is "a b"/,
    );
    expect(registered).toEqual([]);
});
