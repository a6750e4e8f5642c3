/** A host without Docker that another deployment's registry has: told whose it is, and nothing of it is changed. */
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

import { cleanup } from "./cleanup";
import { Host } from "./host";
import { RegistryClient } from "./http";
import { must, type Result, run } from "./run";
import { ADMIN, Stack } from "./stack";

const ROOT = resolve(__dirname, "..", "..");
const ETC = "etc/docker/registry";
const MARKER = `${ETC}/private-registry.installed`;

describe("a host that another deployment has", () => {
    const use = cleanup();
    let a: Stack;
    let b: Stack;
    let host: Host;
    let blob: string;

    const folder = (stack: Stack) => join(stack.folder, "export");
    const install = (stack: Stack, ...args: string[]): Promise<Result> =>
        run("sh", [join(folder(stack), "install.sh"), "--root", host.root, ...args]);
    const exported = async (what: string, settings = {}): Promise<Stack> => {
        const stack = use(
            await Stack.create(what, { settings: { ...ADMIN, target: "systemd", ...settings } }),
        );
        await stack.up();
        const command = ["export", "--target", "systemd", "--out", folder(stack), "--stack", stack.name];
        await must(process.execPath, [join(ROOT, "setup", "start.cjs"), ...command], {
            env: { ...stack.env, DOCKER_HOST: "unix:///nonexistent/docker.sock" },
        });
        return stack;
    };
    /** Has the host's registry run for as long as it is asked for something. */
    const served = async <T>(stack: Stack, ask: (client: RegistryClient) => Promise<T>): Promise<T> => {
        host.giveFilesToService(
            ...["config.yml", "htpasswd", "site.key"].map((file) => `${ETC}/${file}`),
            "var/lib/docker-registry",
        );
        await must("chmod", ["0770", join(host.root, "var/lib/docker-registry")]);
        await host.start(stack.port);
        const client = await RegistryClient.of(stack);
        try {
            return await ask(client);
        } finally {
            client.close();
            await host.stop();
        }
    };
    /** One sentence, and not a file was changed. */
    const refused = async (stack: Stack, ...what: string[]): Promise<void> => {
        const before = await host.contents();
        const { code, screen } = await install(stack);
        expect(code).toBe(1);
        expect(screen.trim().split("\n")).toHaveLength(1);
        for (const part of ["nothing was changed", "--adopt", ...what]) expect(screen).toContain(part);
        expect(await host.contents()).toEqual(before);
    };

    beforeAll(async () => {
        [a, b, host] = await Promise.all([exported("host-a"), exported("host-b"), Host.create()]);
        use(host);
        expect(await install(a)).toMatchObject({ code: 0 });
        blob = (await served(a, (client) => client.upload("team/image"))).digest;
    });

    test("is refused in one sentence, which tells whose it is; its own export goes on", async () => {
        await refused(
            b,
            `The registry that is installed here (/${ETC}) is another deployment's: private-registry/${a.name}, there since 20`,
            `sh ${host.root}/${ETC}/private-registry-uninstall.sh --root ${host.root}`,
            `sh ${folder(b)}/install.sh --root ${host.root} --adopt`,
        );
        expect(await install(a)).toMatchObject({ code: 0 });
    });

    test.each([
        ["cut off in the middle", "identi"],
        ["empty", ""],
        ["garbage", "\u0000\u0001 no list\nidentity\n\u00ff"],
    ])("is refused where its list is %s, and its own export mends it", async (_name, text) => {
        const list = host.read(MARKER);
        host.write(MARKER, text);
        await refused(b, "is another deployment's: one of unknown name, there since 20");
        expect(await install(a)).toMatchObject({ code: 0 });
        expect(host.read(MARKER)).toMatch(/^identity [0-9a-f]{32}$/m);
        await refused(b, `is another deployment's: private-registry/${a.name}, there since 20`);
        host.write(MARKER, list);
    });

    test("is refused where its list is no file at all", async () => {
        const list = host.read(MARKER);
        rmSync(join(host.root, MARKER));
        mkdirSync(join(host.root, MARKER));
        const before = await host.contents();
        for (const args of [[], ["--adopt"]]) {
            const { code, screen } = await install(b, ...args);
            expect(code).toBe(1);
            expect(screen).toContain(`${host.root}/${MARKER} is no file`);
            expect(await host.contents()).toEqual(before);
        }
        rmSync(join(host.root, MARKER), { recursive: true });
        host.write(MARKER, list);
    });

    test("is taken over with --adopt, with the images in it; then it is the other one's", async () => {
        const { code, screen } = await install(b, "--adopt");
        expect(screen).toContain("The files are in place");
        expect(code).toBe(0);
        const path = `/v2/team/image/blobs/${blob}`;
        const { status } = await served(b, (client) => client.ask(path, { method: "HEAD" }));
        expect(status).toBe(200);
        expect(await install(b)).toMatchObject({ code: 0 });
        await refused(a, `is another deployment's: private-registry/${b.name}, there since 20`);
    });
});
