/** A stack that version 0.1 of the kit made, whose objects have no identity, under today's code. */
import { IDENTITY_LABEL } from "../../components/deployment/hardening";

import { cleanup } from "./cleanup";
import { docker, inspect } from "./docker";
import { RegistryClient } from "./http";
import { fixture, restored } from "./restored";
import { Stack } from "./stack";

const FIXTURE = fixture("version-0.1");

describe("a stack of version 0.1", () => {
    const use = cleanup();
    let stack: Stack;
    let blob: string;

    beforeAll(async () => {
        // A front came later, and is the default for this one too: see below.
        stack = use(await restored("v01", FIXTURE));
        const client = new RegistryClient(stack.port, FIXTURE.ca);
        blob = (await client.upload("team/image")).digest;
        client.close();
    });

    const serves = async () => {
        const client = new RegistryClient(stack.port, FIXTURE.ca);
        const { ci } = await stack.output<Record<string, string>>("passwords");
        for (const login of [undefined, `ci:${ci}`]) {
            const path = `/v2/team/image/blobs/${blob}`;
            expect((await client.ask(path, { method: "HEAD", login })).status).toBe(200);
        }
        client.close();
    };

    test("has objects without an identity", async () => {
        const labels = await docker("inspect", "--format", "{{json .Config.Labels}}", stack.prefix);
        expect(labels).toContain(`"private-registry.deployment":"${stack.prefix}"`);
        expect(labels).not.toContain(IDENTITY_LABEL);
        await serves();
    });

    test("goes on where the first `up` fails: the registry runs as it did", async () => {
        await stack.configure({ cpus: "999" });
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain(`${stack.prefix} runs again as before`);
        await serves();
        await stack.unset("cpus");
    });

    test("is known by its HTTP secret: CA, users and images stay, and a front comes", async () => {
        const { Id } = JSON.parse(
            await docker("network", "inspect", "--format", "{{json .}}", stack.prefix),
        ) as {
            Id: string;
        };
        await stack.up();
        expect(await stack.output("caCertificatePem")).toBe(FIXTURE.ca);
        await serves();
        const { Config } = (await inspect(stack.prefix)) as unknown as {
            Config: { Labels: Record<string, string> };
        };
        expect(Config.Labels[IDENTITY_LABEL]).toBe(await stack.output("identity"));
        expect((await inspect(`${stack.prefix}-front`)).State.Running).toBe(true);
        // With the network Pulumi would delete every container long before it makes another.
        expect(await docker("network", "inspect", "--format", "{{.Id}}", stack.prefix)).toContain(Id);
        await stack.up("--expect-no-changes");
    });

    test("is nobody else's of the same name", async () => {
        const twin = await Stack.create("v01", { name: stack.name });
        await twin.configure({ "users.admin.generate": "true" });
        const { code, screen } = await twin.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain("No Docker object was changed.");
        await twin.destroy();
        await serves();
    });
});
