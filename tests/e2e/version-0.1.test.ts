/** A stack that version 0.1 of the kit made, whose objects have no identity, under today's code. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { connect } from "../../components/engine/client";
import { IDENTITY_LABEL } from "../../components/hardening";
import type { Props } from "../../plugins/framework/resource";
import { container } from "../../plugins/docker/container";
import { network } from "../../plugins/docker/network";
import { volume } from "../../plugins/docker/volume";

import { cleanup } from "./cleanup";
import { docker, inspect } from "./docker";
import { RegistryClient } from "./http";
import { REGISTRY_IMAGE } from "./images";
import { Stack } from "./stack";

/** What version 0.1 left; its secrets are of no stack but this one. `madeBy` says how. */
const FIXTURE = JSON.parse(readFileSync(join(__dirname, "fixtures/version-0.1.json"), "utf8")) as {
    name: string;
    port: number;
    passphrase: string;
    ca: string;
    stackFile: string;
    state: unknown;
};
/** Pulumi's mark of a secret in a state. */
const SECRET = "4dabf18193072939515e22adb298388d";
const TYPES = [network, volume, container];

interface Resource {
    type: string;
    id: string;
    inputs: Props;
}

/** A value of a state in clear. */
function clear(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(clear);
    if (typeof value !== "object" || value === null) return value;
    if (SECRET in value) return JSON.parse((value as unknown as { plaintext: string }).plaintext);
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key]) => key !== "__defaults")
            .map(([key, below]) => [key, clear(below)]),
    );
}

describe("a stack of version 0.1", () => {
    const use = cleanup();
    let stack: Stack;
    let blob: string;

    /** The stack under a name and port of its own, with the objects that its state has, labels and all. */
    beforeAll(async () => {
        stack = use(await Stack.create("v01", { env: { PULUMI_CONFIG_PASSPHRASE: FIXTURE.passphrase } }));
        const image = (await docker("image", "inspect", "--format", "{{.Id}}", REGISTRY_IMAGE)).trim();
        const here = (text: string) =>
            text
                .replaceAll(FIXTURE.name, stack.name)
                .replaceAll(String(FIXTURE.port), String(stack.port))
                .replaceAll(/sha256:[0-9a-f]{64}(?=registry:|")/g, image);
        // A front came later, and is the default for this one too: see below.
        writeFileSync(join(stack.project, `Pulumi.${stack.name}.yaml`), here(FIXTURE.stackFile));
        let state = here(JSON.stringify(FIXTURE.state));
        await stack.must(["stack", "import"], state);
        const shown = JSON.parse(await stack.must(["stack", "export", "--show-secrets"])) as {
            deployment: { resources: Resource[] };
        };
        const engine = await connect();
        for (const { type, id, inputs } of shown.deployment.resources) {
            const kind = TYPES.find(({ token }) => token === type);
            if (kind === undefined) continue;
            const made = await kind.create(clear(inputs) as Props, engine);
            state = state.replaceAll(`"${id}"`, `"${made.id}"`);
        }
        await stack.must(["stack", "import"], state);
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
