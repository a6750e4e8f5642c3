/** examples/yaml and examples/remote: the components as a Pulumi package, in a process of their own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

import { parse } from "yaml";

import { ensureClient } from "../../setup/client-tools";
import { thisMachine } from "../../setup/machine";

import { cleanup } from "./cleanup";
import { docker, objectsOf } from "./docker";
import { RegistryClient } from "./http";
import { must } from "./run";
import { PASSWORD, Stack } from "./stack";

const { version } = JSON.parse(readFileSync(resolve(__dirname, "..", "..", "package.json"), "utf8")) as {
    version: string;
};

const ROLE =
    /users\.ci\.role is "admin"; it must be push, pull or metrics\s+fix: set users\.ci\.role to "pull"/;

/** A registry that answers, whose secrets are secret, and which a second `up` leaves alone. */
async function works(stack: Stack, ciPassword: string): Promise<void> {
    const client = await RegistryClient.of(stack);
    expect((await client.ask("/v2/", { login: `ci:${ciPassword}` })).status).toBe(200);
    expect((await client.ask("/v2/", { login: "ci:wrong" })).status).toBe(401);
    client.close();
    const { admin = "" } = await stack.output<Record<string, string>>("passwords");
    expect(admin).toHaveLength(24);
    const state = await stack.exportText();
    for (const secret of [admin, ciPassword, "PRIVATE KEY", "$2y$"]) expect(state).not.toContain(secret);
    await stack.up("--expect-no-changes");
}

/** A role that there is not is refused by the component, and nothing is changed. */
async function refusesRole(stack: Stack): Promise<void> {
    const before = await objectsOf(stack.prefix);
    await stack.configure({ ciRole: "admin" });
    const { code, screen } = await stack.tryUp();
    expect(code).not.toBe(0);
    expect(screen).toMatch(ROLE);
    expect(await objectsOf(stack.prefix)).toEqual(before);
    await stack.configure({ ciRole: "push" });
    await stack.up();
}

describe("a program in YAML", () => {
    const use = cleanup();
    const folder = mkdtempSync(join(tmpdir(), "private-registry-yaml-"));
    let stack: Stack;

    beforeAll(async () => {
        // No package has Pulumi's YAML language host here.
        const host = await ensureClient(thisMachine(resolve(__dirname, "..", "..")), "pulumi-language-yaml");
        mkdirSync(folder, { recursive: true });
        symlinkSync(host, join(folder, "pulumi-language-yaml"));
        stack = use(
            await Stack.create("yaml", {
                program: "examples/yaml",
                env: { PATH: [folder, process.env.PATH].join(delimiter) },
                settings: { ciPassword: { secret: PASSWORD } },
            }),
        );
        await stack.up();
        // Building the language host takes minutes, once per user.
    }, 600_000);
    afterAll(() => rmSync(folder, { recursive: true }));

    test("makes a registry, with its secrets kept", () => works(stack, PASSWORD));
    test("is told of a wrong role by the component", () => refusesRole(stack));

    test("has the package's SDK by `pulumi package add`", async () => {
        const plugin = await must("which", ["pulumi-resource-private-registry"], { env: stack.env });
        // Its last step, `Link`, is not in the newest language host that a Go module has: its code is not looked at.
        const { screen } = await stack.pulumi(["package", "add", plugin.trim()]);
        expect(screen).toContain("Successfully generated an SDK for the private-registry package");
        const sdk = join(stack.project, "sdks", "private-registry", `private-registry-${version}.yaml`);
        expect(parse(readFileSync(sdk, "utf8"))).toMatchObject({ name: "private-registry", version });
    });
});

describe("a Node program that has none of the component's code", () => {
    const use = cleanup();
    let stack: Stack;

    beforeAll(async () => {
        stack = use(await Stack.create("remote-component", { program: "examples/remote" }));
        await stack.up();
    });

    test("makes a registry, with its secrets kept", async () =>
        works(stack, await stack.output("ciPassword")));

    test("is told of what shows late in one sentence", async () => {
        const before = await objectsOf(stack.prefix);
        // bcrypt reads 72 bytes. A secret reaches the component as an Output.
        await stack.configure({ ciLength: "80" });
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toMatch(/users\.ci has a password of 80 bytes; bcrypt reads 72 at most/);
        expect(screen).not.toContain("error serializing");
        expect(await objectsOf(stack.prefix)).toEqual(before);
        await stack.configure({ ciLength: "32" });
        await stack.up();
    });

    test("changes a container by Pulumi's transforms", async () => {
        expect(await docker("inspect", "--format", "{{.Config.Hostname}}", stack.prefix)).toBe("images\n");
    });

    test("is told of a wrong role by the component", () => refusesRole(stack));
});
