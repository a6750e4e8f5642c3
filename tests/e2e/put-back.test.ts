/** A container that passes every check and cannot run all the same: at the end of the command the former one runs again. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:net";

import { cleanup, type Disposable } from "./cleanup";
import { anonymousVolumes, docker, DockerClient, inspect, objectsOf } from "./docker";
import { ACCEPT, RegistryClient } from "./http";
import { FRONT_IMAGE, REDIS_IMAGE, REGISTRY_IMAGE } from "./images";
import { NexusApi } from "./nexus-api";
import { nexusImage } from "./nexus-image";
import { must } from "./run";
import { ADMIN, DOMAIN, freePort, type Settings, Stack } from "./stack";
import { join, leave, Upstream } from "./upstream";

const HUB = `hub.${DOMAIN}`;

/** Replaces a program by one that says so and ends; its files can be checked and written as before. */
const crashing = (program: string) =>
    `RUN p=$(command -v ${program}) && mv $p $p.real && ` +
    `printf '#!/bin/sh\\ncase " $* " in *" -t "*) exec %s.real "$@" ;; esac; echo broken >&2; exit 1\\n' $p > $p && chmod 755 $p`;

/** An image like another one, whose program does not start. */
class Broken implements Disposable {
    readonly name = `private-registry-broken:${randomBytes(4).toString("hex")}`;

    async build(from: string, ...lines: string[]): Promise<this> {
        await must("docker", ["build", "--quiet", "--network", "none", "--tag", this.name, "-"], {
            input: [`FROM ${from}`, "USER 0", ...lines].join("\n"),
            env: { ...process.env, DOCKER_BUILDKIT: "0" },
        });
        return this;
    }

    async dispose(): Promise<void> {
        await docker("image", "rm", "--force", this.name);
    }
}

/** An `up` that fails. @returns what the screen showed */
async function failingUp(stack: Stack): Promise<string> {
    const { code, screen } = await stack.tryUp();
    expect(code).not.toBe(0);
    expect(screen).not.toContain("No Docker object was changed");
    return screen;
}

/** Statuses of what a client asks for first and last: an upload, and what it put there before. */
async function pushAndPull(client: RegistryClient, blob: string): Promise<void> {
    expect((await client.upload("team/image")).statuses).toEqual([202, 202, 201]);
    const { status } = await client.ask(`/v2/team/image/blobs/${blob}`, { method: "HEAD" });
    expect(status).toBe(200);
}

describe("each kind of container", () => {
    const use = cleanup();
    const upstream = new Upstream();
    let stack: Stack;
    let registry: RegistryClient;
    let mirror: RegistryClient;
    let nexus: NexusApi;
    let blob: string;
    let objects: string[];
    let given: Settings;
    const broken: Record<string, string> = {};

    beforeAll(async () => {
        const { image, standIn } = use(await nexusImage());
        for (const [kind, from, line] of [
            ["registry", REGISTRY_IMAGE, crashing("registry")],
            ["front", FRONT_IMAGE, crashing("nginx")],
            ["redis", REDIS_IMAGE, crashing("redis-server")],
            ["nexus", image, `ENTRYPOINT []\nCMD ["/bin/sh", "-c", "echo broken; exit 1"]\nUSER 200:200`],
        ] as const)
            broken[kind] = use(await new Broken().build(from, line)).name;

        const client = use(new DockerClient());
        await upstream.start();
        use(upstream);
        const pushed = `${upstream.address}/team/image:1`;
        await client.image(pushed);
        await client.must(["push", pushed]);

        given = {
            ...ADMIN,
            "front.off": "false",
            "cache.valkey.memoryMb": "64",
            "mirrors.hub.upstream": upstream.url,
            "nexus.acceptEula": "true",
            "nexus.image": image,
            "nexus.port": String(await freePort()),
            "nexus.openFiles": "0",
            ...(standIn ? { "nexus.heapMb": "512", "nexus.directMemoryMb": "512" } : {}),
        };
        stack = use(await Stack.create("back", { settings: given }));
        await stack.up();
        await join(stack.prefix, upstream.name, upstream.name);
        use({ dispose: () => leave(stack.prefix, upstream.name) });
        objects = await objectsOf(stack.prefix);
        const ca = await stack.output("caCertificatePem");
        registry = new RegistryClient(stack.port, ca);
        mirror = new RegistryClient(stack.port, ca, "127.0.0.1", HUB);
        use({ dispose: () => Promise.resolve([registry, mirror].forEach((one) => one.close())) });
        nexus = new NexusApi(await stack.output("nexusUrl"), await stack.output("nexusAdminPassword"));
        blob = (await registry.upload("team/image")).digest;
    });

    const serves = async () => {
        await pushAndPull(registry, blob);
        const { status } = await mirror.ask("/v2/team/image/manifests/1", {
            login: "",
            headers: { Accept: ACCEPT },
        });
        expect(status).toBe(200);
        expect(await nexus.repositories()).toContain("docker hosted docker-hosted");
    };

    test.each<[string, () => Settings, string[]]>([
        // The registry and its mirrors have one image, and fail beside each other.
        [
            "a registry and a mirror whose new image crashes",
            () => ({ image: broken.registry ?? "" }),
            ["", "-mirror-hub"],
        ],
        // It is not even made, so there is nothing that the state knows.
        ["a mirror that the Engine refuses to make", () => ({ "mirrors.hub.cpus": "999" }), ["-mirror-hub"]],
        ["a front that ends", () => ({ "front.image": broken.front ?? "" }), ["-front"]],
        ["a Redis that ends", () => ({ "cache.valkey.image": broken.redis ?? "" }), ["-redis"]],
        ["a Nexus that ends", () => ({ "nexus.image": broken.nexus ?? "" }), ["-nexus"]],
    ])("%s: the former one runs again, and the next `up` converges", async (_name, change, kinds) => {
        const settings = change();
        await stack.configure(settings);
        const screen = await failingUp(stack);
        for (const kind of kinds) {
            expect(screen).toContain(`${stack.prefix}${kind} could not be replaced`);
            expect(screen).toContain(`${stack.prefix}${kind} runs again as before`);
            expect((await inspect(`${stack.prefix}${kind}`)).State.Running).toBe(true);
        }
        await serves();

        for (const path of Object.keys(settings)) {
            const value = given[path];
            await (value === undefined ? stack.unset(path) : stack.configure({ [path]: value }));
        }
        await stack.up();
        expect(await objectsOf(stack.prefix)).toEqual(objects);
        await serves();
    });

    test("nothing more is to be done after all that", async () => {
        await stack.up("--refresh", "--expect-no-changes");
    });
});

describe("a front comes before a registry that runs", () => {
    const use = cleanup();
    let stack: Stack;
    let registry: RegistryClient;
    let blob: string;
    let objects: string[];
    /** Volumes without a name that the deployment has had. */
    const nameless = new Set<string>();

    beforeAll(async () => {
        stack = use(await Stack.create("behind", { settings: ADMIN }));
        await stack.up();
        registry = await RegistryClient.of(stack);
        use({ dispose: () => Promise.resolve(registry.close()) });
        blob = (await registry.upload("team/image")).digest;
        objects = await objectsOf(stack.prefix);
    });

    /** A program that takes a port as soon as the Engine ends a container. */
    function snatch(port: number, container: string): { taken: Promise<Server>; end(): void } {
        const filters = ["--filter", `container=${container}`, "--filter", "event=kill"];
        const events = spawn("docker", ["events", "--format", "{{.Action}}", ...filters]);
        const taken = new Promise<Server>((resolve) =>
            events.stdout.once("data", () => {
                const server = createServer();
                server.listen(port, "127.0.0.1", () => resolve(server));
            }),
        );
        return { taken, end: () => events.kill() };
    }

    test("whose image is nowhere: the registry is not touched", async () => {
        const { Id } = await inspect(stack.prefix);
        await stack.configure({ "front.off": "false", "front.image": "localhost:1/nginx:none" });
        await failingUp(stack);
        expect((await inspect(stack.prefix)).Id).toBe(Id);
        await pushAndPull(registry, blob);
    });

    test("whose nginx does not start: the registry has its port again", async () => {
        const image = use(await new Broken().build(FRONT_IMAGE, crashing("nginx"))).name;
        await stack.configure({ "front.image": image });
        const screen = await failingUp(stack);
        expect(screen).toContain(
            `${stack.prefix}-front could not be replaced: ${stack.prefix} runs again as before`,
        );
        await pushAndPull(registry, blob);
        for (const volume of await anonymousVolumes(stack.prefix)) nameless.add(volume);
        await stack.configure({ "front.off": "true" });
        await stack.unset("front.image");
        await stack.up();
        await pushAndPull(registry, blob);
    });

    test("that the Engine refuses to make: the same", async () => {
        // A folder that the Engine cannot make.
        await stack.configure({ "front.off": "false", "front.sitesFolder": "/proc/private-registry" });
        const screen = await failingUp(stack);
        expect(screen).toContain(`${stack.prefix} runs again as before`);
        await pushAndPull(registry, blob);
        for (const volume of await anonymousVolumes(stack.prefix)) nameless.add(volume);
    });

    test("and comes in the end; then what goes back to none and fails leaves the front", async () => {
        await stack.unset("front.sitesFolder");
        await stack.up();
        await pushAndPull(registry, blob);
        await stack.configure({ "front.off": "true", cpus: "999" });
        const screen = await failingUp(stack);
        expect(screen).toContain(`${stack.prefix} could not be replaced`);
        await pushAndPull(registry, blob);
        await stack.unset("cpus");
        await stack.up();
        await pushAndPull(registry, blob);
        expect((await objectsOf(stack.prefix)).filter((one) => !one.endsWith("-socket"))).toEqual(objects);
    });

    test("a port that another program takes between the look and the start", async () => {
        const port = await freePort();
        const other = snatch(port, stack.prefix);
        try {
            await stack.configure({ port: String(port) });
            const screen = await failingUp(stack);
            expect(screen).toContain(`Port ${port} of 127.0.0.1 is taken`);
            expect(screen).toContain(`${stack.prefix} runs again as before`);
            await pushAndPull(registry, blob);
            const server = await other.taken;
            await new Promise((done) => server.close(done));
        } finally {
            other.end();
        }
        await stack.up();
        const moved = new RegistryClient(port, await stack.output("caCertificatePem"));
        await pushAndPull(moved, blob);
        moved.close();
        await stack.up("--refresh", "--expect-no-changes");
        const kept = await anonymousVolumes(stack.prefix);
        const left = (await docker("volume", "ls", "--quiet")).split("\n").filter((one) => nameless.has(one));
        expect(nameless.size).toBeGreaterThan(kept.length);
        expect(left.filter((one) => !kept.includes(one))).toEqual([]);
    });
});
