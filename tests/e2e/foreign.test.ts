/** What is not the deployment's own is never touched: it is told whose it is, and what one can do. */
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";

import { IDENTITY_LABEL, STACK_KEY_LABEL } from "../../components/deployment/hardening";

import { cleanup } from "./cleanup";
import { docker, inspect, objectsOf, removeObjects } from "./docker";
import { RegistryClient } from "./http";
import { ADMIN, Stack } from "./stack";

const label = (of: string, name: string, key: string) =>
    docker(
        of,
        "inspect",
        "--format",
        `{{index ${of === "container" ? ".Config" : ""}.Labels "${key}"}}`,
        name,
    ).then((text) => text.trim());

describe("two stacks of the same name, each with a state of its own", () => {
    const use = cleanup();
    let a: Stack;
    let b: Stack;
    let blob: string;
    let before: unknown[];
    const state = async () => {
        const { Id, State } = await inspect(a.prefix);
        const writer = await inspect(`${a.prefix}-config`);
        return [
            Id,
            State.StartedAt,
            writer.Id,
            await docker("network", "inspect", "--format", "{{.Id}}", a.prefix),
        ];
    };

    beforeAll(async () => {
        a = use(await Stack.create("twin", { settings: ADMIN }));
        await a.up();
        const client = await RegistryClient.of(a);
        blob = (await client.upload("team/image")).digest;
        client.close();
        before = await state();
        // Put away first: what a made is b's in the end.
        b = use(await Stack.create("twin", { name: a.name, settings: ADMIN }));
    });

    const intact = async () => {
        expect(await state()).toEqual(before);
        const client = await RegistryClient.of(a);
        const { status } = await client.ask(`/v2/team/image/blobs/${blob}`, { method: "HEAD" });
        client.close();
        expect(status).toBe(200);
    };

    test("the second is refused in one sentence, in preview too, and the first is as it was", async () => {
        const identity = await a.output("identity");
        expect(await label("container", a.prefix, IDENTITY_LABEL)).toBe(identity);
        for (const { code, screen } of [await b.pulumi(["preview", "--non-interactive"]), await b.tryUp()]) {
            expect(code).not.toBe(0);
            expect(screen).toContain("No Docker object was changed.");
            for (const what of [
                `container ${a.prefix},`,
                `network ${a.prefix},`,
                `volume ${a.prefix}-data`,
                `are of another deployment: private-registry/${a.name}, there since `,
                "pulumi stack init NAME",
                `pulumi config set --path 'adopt[0]' ${identity}`,
            ])
                expect(screen).toContain(what);
            const diagnostics = screen.slice(screen.indexOf("Diagnostics:"));
            expect(diagnostics.match(/No Docker object was changed/g)).toHaveLength(1);
            expect(diagnostics).toContain("error: No Docker object was changed.");
            expect(screen).not.toContain("PromiseRejection");
            expect(screen).not.toMatch(/^\s+at /m);
        }
        await intact();
        await b.destroy();
        await intact();
    });

    test("stopped, the first is the first's all the same", async () => {
        await docker("stop", a.prefix);
        const { code } = await b.tryUp();
        expect(code).not.toBe(0);
        await docker("start", a.prefix);
        before = await state();
        await intact();
    });

    test("who has lost his state adopts what it made, and has the images", async () => {
        await b.configure({ "adopt[0]": await a.output("identity") });
        await b.up();
        const client = await RegistryClient.of(b);
        const { status } = await client.ask(`/v2/team/image/blobs/${blob}`, { method: "HEAD" });
        client.close();
        expect(status).toBe(200);
        expect(await label("container", b.prefix, IDENTITY_LABEL)).toBe(await b.output("identity"));
        // Taken over once, nothing more needs to be said.
        await b.unset("adopt");
        await b.up("--expect-no-changes");
    });
});

describe("objects that nobody's deployment made", () => {
    const use = cleanup();
    const made: string[] = [];
    afterAll(() => removeObjects(made));

    test("all of them are told at once, and none is touched", async () => {
        const stack = use(await Stack.create("found", { settings: ADMIN }));
        const image = (await docker("image", "ls", "--quiet")).split("\n")[0] ?? "";
        await docker("create", "--name", stack.prefix, image, "true");
        await docker("network", "create", stack.prefix);
        await docker("volume", "create", `${stack.prefix}-data`);
        made.push(`container ${stack.prefix}`, `network ${stack.prefix}`, `volume ${stack.prefix}-data`);
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        for (const what of made) {
            const [kind = "", name = ""] = what.split(" ");
            expect(screen).toMatch(new RegExp(`The ${kind} ${name} was not made by this kit.* there since `));
        }
        expect(screen).toContain(`docker rm -f ${stack.prefix}`);
        expect(screen).toContain("adopt[");
        const { deployment } = await stack.exportState();
        expect(
            deployment.resources.filter(({ type }) => /docker:.*:(Container|Network|Volume)$/.test(type)),
        ).toEqual([]);
        expect((await inspect(stack.prefix)).State.Status).toBe("created");
        await removeObjects(made.splice(0));
        await stack.up();
    });

    test("a volume of the user's own is used where the user names it", async () => {
        const volume = `private-registry-own-${randomBytes(3).toString("hex")}`;
        await docker("volume", "create", volume);
        made.push(`volume ${volume}`);
        const stack = use(await Stack.create("own", { settings: { ...ADMIN, "storage.volume": volume } }));
        await stack.up();
        await stack.up("--expect-no-changes");
    });
});

describe("data that `pulumi destroy` keeps", () => {
    const use = cleanup();

    test("is the same stack's again, and no other's of that name", async () => {
        const stack = use(await Stack.create("kept", { settings: ADMIN }));
        await stack.up();
        const client = await RegistryClient.of(stack);
        const blob = (await client.upload("team/image")).digest;
        client.close();
        await stack.destroy();
        expect(await objectsOf(stack.prefix)).toEqual([`volume ${stack.prefix}-data`]);
        expect(await label("volume", `${stack.prefix}-data`, STACK_KEY_LABEL)).toMatch(/^[0-9a-f]{32}$/);

        const other = await Stack.create("kept", { name: stack.name, settings: ADMIN });
        const { code, screen } = await other.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain(`The volume ${stack.prefix}-data is of another deployment`);
        await other.destroy();

        await stack.up();
        const again = await RegistryClient.of(stack);
        const { status } = await again.ask(`/v2/team/image/blobs/${blob}`, { method: "HEAD" });
        again.close();
        expect(status).toBe(200);
        await stack.up("--expect-no-changes");
    });
});

describe("a folder of the Docker host", () => {
    const use = cleanup();

    test("that another deployment has is refused before the registry is touched", async () => {
        const folder = `/tmp/private-registry-e2e-shared-${randomBytes(3).toString("hex")}`;
        use({ dispose: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })) });
        const first = use(await Stack.create("shared", { settings: { ...ADMIN, "storage.folder": folder } }));
        await first.up();
        await first.up("--expect-no-changes");
        const second = use(await Stack.create("shared", { settings: ADMIN }));
        await second.up();
        const { Id } = await inspect(second.prefix);
        await second.configure({ "storage.folder": folder });
        const { code, screen } = await second.tryUp();
        expect(code).not.toBe(0);
        expect(screen).toContain(
            `The folder ${folder} is another deployment's: private-registry/${first.name}, there since `,
        );
        expect(screen).toContain(`pulumi config set --path 'adopt[0]' ${await first.output("identity")}`);
        expect((await inspect(second.prefix)).Id).toBe(Id);
        await second.unset("storage.folder");
        await second.up();

        // The stack itself knows its folder again after `destroy`.
        await first.destroy();
        await first.up();
    });
});
