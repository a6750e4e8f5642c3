/** examples/component: the components in a Pulumi program of another project. */
import { profile } from "./certificates";
import { cleanup } from "./cleanup";
import { inspect } from "./docker";
import { RegistryClient } from "./http";
import { Stack } from "./stack";

describe("the component in another program", () => {
    const use = cleanup();
    let stack: Stack;

    beforeAll(async () => {
        stack = use(await Stack.create("component", { program: "examples/component", loader: true }));
        await stack.up();
    });

    test("deploys a registry behind a front with the program's own password and subject", async () => {
        const client = await RegistryClient.of(stack);
        const ci = `ci:${await stack.output("ciPassword")}`;
        expect((await client.ask("/v2/", { login: ci })).status).toBe(200);
        expect((await client.ask("/v2/", { login: "ci:wrong" })).status).toBe(401);
        client.close();
        const [own, front] = await Promise.all(
            [stack.prefix, `${stack.prefix}-front`].map(async (name) => (await inspect(name)).HostConfig),
        );
        expect(JSON.stringify(own?.PortBindings)).not.toContain(String(stack.port));
        expect(JSON.stringify(front?.PortBindings)).toContain(String(stack.port));
        const { Subject } = await profile(await stack.output("caCertificatePem"));
        expect(Subject).toBe("O = Example Ltd, CN = Example Registry CA");
        await stack.up("--expect-no-changes");
    });

    test("shows no secret in its state", async () => {
        const { admin = "", ci = "" } = await stack.output<Record<string, string>>("passwords");
        const state = await stack.exportText();
        for (const secret of [admin, ci, "PRIVATE KEY", "$2y$"]) expect(state).not.toContain(secret);
    });
});
