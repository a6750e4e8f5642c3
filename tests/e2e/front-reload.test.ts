/** Changes to a front at work: users, roles, certificates and sites by reload, under pulls and a push that see nothing of it. */
import { randomBytes } from "node:crypto";

import { cleanup } from "./cleanup";
import { docker, DockerClient, eventsOf, inspect } from "./docker";
import { Load, randomParts, RegistryClient } from "./http";
import { FRONT_IMAGE } from "./images";
import { sleep } from "./run";
import { ADMIN, PASSWORD, Stack } from "./stack";

/** The site whose configuration the tests' nginx refuses. No configuration is known that the kit takes and nginx does not. */
const REFUSED = "refused.e2e.test";

/** The front's image with an nginx that refuses that one site, in nginx's own form, and is the real one otherwise. */
async function refusingImage(): Promise<string> {
    const name = `e2e-front-${randomBytes(3).toString("hex")}`;
    const wrapper = `#!/bin/sh
case " $* " in *" -t "*)
    if grep -qs '${REFUSED}' /staged/nginx.conf; then
        echo "nginx: [emerg] ${REFUSED} is refused in /staged/nginx.conf:1" >&2
        exit 1
    fi ;;
esac
exec /usr/sbin/nginx.real "$@"
`;
    const script =
        'mv /usr/sbin/nginx /usr/sbin/nginx.real; printf "%s" "$0" > /usr/sbin/nginx; chmod 755 /usr/sbin/nginx';
    await docker("run", "--name", name, "--entrypoint", "/bin/sh", FRONT_IMAGE, "-c", script, wrapper);
    const [config] = JSON.parse(await docker("image", "inspect", FRONT_IMAGE)) as {
        Config: { Entrypoint: string[] | null; Cmd: string[] | null };
    }[];
    const change = (key: string, value: unknown) => ["--change", `${key} ${JSON.stringify(value ?? [])}`];
    await docker(
        ...[
            "commit",
            ...change("ENTRYPOINT", config?.Config.Entrypoint),
            ...change("CMD", config?.Config.Cmd),
        ],
        ...[name, `${name}:1`],
    );
    await docker("rm", name);
    return `${name}:1`;
}

describe("a front at work", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    let stack: Stack;
    let registry: RegistryClient;
    let pull: string[];

    beforeAll(async () => {
        const image = await refusingImage();
        use({ dispose: async () => void (await docker("rmi", "--force", image)) });
        stack = use(
            await Stack.create("reload", {
                settings: {
                    ...ADMIN,
                    "front.off": "false",
                    "front.image": image,
                    "users.guest.password": { secret: "guest" },
                },
            }),
        );
        await stack.up();
        registry = await RegistryClient.of(stack);
        use({ dispose: async () => registry.close() });
        const pushed = `localhost:${stack.port}/team/image:1`;
        await client.image(pushed);
        await client.login(`localhost:${stack.port}`, "admin", PASSWORD);
        await client.must(["push", pushed]);
        const manifest = JSON.parse((await registry.ask("/v2/team/image/manifests/1")).body) as {
            layers: { digest: string }[];
        };
        pull = [
            "/v2/team/image/manifests/1",
            ...manifest.layers.map(({ digest }) => `/v2/team/image/blobs/${digest}`),
        ];
    });

    const status = async (login: string, method = "GET", path = "/v2/"): Promise<number> =>
        (await registry.ask(path, { login, method })).status;
    const upload = "/v2/team/image/blobs/uploads/";
    const front = () => `${stack.prefix}-front`;

    test("users, roles, sites and the certificate change without a failed request", async () => {
        const before = await inspect(front());
        const load = new Load(registry, pull, 20);
        let changing = true;
        const slowly = async function* () {
            while (changing) {
                yield* randomParts(1);
                await sleep(200);
            }
            yield* randomParts(1);
        };
        // A connection of its own: this one request is in flight during every change.
        const pusher = await RegistryClient.of(stack);
        const push = pusher.upload("team/image", slowly());
        try {
            expect(await status("guest:guest", "POST", upload)).toBe(202);
            await stack.configure({ "users.guest.role": "pull" });
            await stack.up();
            expect(await status("guest:guest")).toBe(200);
            expect(await status("guest:guest", "POST", upload)).toBe(403);

            await stack.configure({ "users.guest.password": { secret: "other" } });
            await stack.up();
            // Right a moment ago, and still in the cache of the former configuration.
            expect(await status("guest:guest")).toBe(401);
            expect(await status("guest:other")).toBe(200);

            await stack.unset("users.guest");
            await stack.configure({ "dnsNames[0]": "second.e2e.test" });
            await stack.configure({ 'front.sites["app.e2e.test"].upstream': "http://192.0.2.1" });
            await stack.up();
            expect(await status("guest:other")).toBe(401);
            expect(await status(`admin:${PASSWORD}`)).toBe(200);
            const second = new RegistryClient(
                stack.port,
                await stack.output("caCertificatePem"),
                "127.0.0.1",
                "second.e2e.test",
            );
            expect((await second.ask("/v2/")).status).toBe(200);
            second.close();
        } finally {
            changing = false;
            await load.stop();
        }
        expect((await push).statuses).toEqual([202, 202, 201]);
        pusher.close();
        expect(load.failures).toEqual([]);
        const after = await inspect(front());
        expect(after.Id).toBe(before.Id);
        expect(after.State.StartedAt).toBe(before.State.StartedAt);
        expect(await eventsOf(front(), Date.parse(before.State.StartedAt) / 1000 + 0.5)).toEqual([]);
    });

    test("a configuration that nginx refuses fails `up` with its words, and the former one goes on", async () => {
        const before = await inspect(front());
        await stack.configure({ [`front.sites["${REFUSED}"].upstream`]: "http://192.0.2.1" });
        const broken = await stack.tryUp();
        expect(broken.code).not.toBe(0);
        expect(broken.screen).toMatch(/was refused, and the former one stays: .*\[emerg\]/s);
        expect((await inspect(front())).Id).toBe(before.Id);
        expect(await status(`admin:${PASSWORD}`)).toBe(200);
        expect(await docker("exec", front(), "ls", "/etc/front")).not.toContain(REFUSED);
        await stack.unset(`front.sites["${REFUSED}"]`);
        // The longest name that there is (RFC 1035 section 2.3.4), which nginx takes only with room for it.
        const longest = `${"a".repeat(60)}.`.repeat(4) + "e2e.test";
        await stack.configure({ [`front.sites["${longest}"].upstream`]: "http://192.0.2.1" });
        await stack.up();
        await stack.unset(`front.sites["${longest}"]`);
        await stack.up();
        expect(await status(`admin:${PASSWORD}`)).toBe(200);
    });

    test("the registry may be made anew behind it, and the front taken away and put back", async () => {
        const before = await inspect(front());
        await stack.configure({ logLevel: "warn" });
        await stack.up();
        expect((await inspect(front())).Id).toBe(before.Id);
        for (const path of pull) expect((await registry.ask(path)).status).toBe(200);

        await stack.unset('front.sites["app.e2e.test"]');
        await stack.configure({ "front.off": "true" });
        await stack.up();
        for (const path of pull) expect((await registry.ask(path)).status).toBe(200);
        expect(await docker("ps", "--all", "--quiet", "--filter", `name=${front()}`)).toBe("");

        await stack.configure({ "front.off": "false" });
        await stack.up();
        for (const path of pull) expect((await registry.ask(path)).status).toBe(200);
        await stack.up("--expect-no-changes");
    });
});

describe("examples/front", () => {
    const use = cleanup();

    test("lets CI push its builds and anyone read them", async () => {
        const stack = use(await Stack.create("front-example", { program: "examples/front" }));
        await stack.up();
        const registry = await RegistryClient.of(stack);
        use({ dispose: async () => registry.close() });
        const { ci } = await stack.output<Record<string, string>>("passwords");
        const ask = async (login: string, method: string, path: string) =>
            (await registry.ask(path, { login, method })).status;
        expect(await ask(`ci:${ci}`, "POST", "/v2/builds/app/blobs/uploads/")).toBe(202);
        expect(await ask(`ci:${ci}`, "POST", "/v2/other/blobs/uploads/")).toBe(403);
        expect(await ask("", "GET", "/v2/_catalog")).toBe(200);
        const state = await stack.exportText();
        for (const secret of [ci ?? "", "PRIVATE KEY", "$2y$"]) expect(state).not.toContain(secret);
    });
});
