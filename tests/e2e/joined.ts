/** A stack whose front has mirrors and Nexus behind it, with their upstreams, and clients that know their names. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { pemFile } from "./certificates";
import type { Disposable } from "./cleanup";
import { type DockerClient, inspect } from "./docker";
import { Load, RegistryClient } from "./http";
import { Names } from "./names";
import type { NexusImage } from "./nexus-image";
import type { Result } from "./run";
import { ADMIN, DOMAIN, freePort, Stack } from "./stack";
import { join as joinNetwork, leave, Upstream } from "./upstream";

export const NEXUS_PASSWORD = "the administrator's password";
export const [TEAM, NEXUS] = [`team.${DOMAIN}`, `nexus.${DOMAIN}`];
export const CONNECTORS = {
    hosted: `docker-hosted.${NEXUS}`,
    proxy: `docker-proxy.${NEXUS}`,
    group: `docker-group.${NEXUS}`,
};

export class Joined {
    /** The mirror `team` has a name of the domain, `local` the one name that Docker finds everywhere. */
    readonly upstreams = { team: new Upstream(), local: new Upstream() };
    readonly containers: { team: string; local: string };
    /** Mirror → ID of the one image in its upstream, `team/MIRROR:1`. */
    readonly ids: Record<string, string> = {};
    ca = "";
    caFile = "";
    /** Of the registry itself. */
    registry!: RegistryClient;
    /** Path of a blob in it. */
    blob = "";
    private readonly things: Disposable[] = [];
    private readonly names: Names;
    private count = 0;

    private constructor(readonly stack: Stack) {
        const known = [DOMAIN, TEAM, NEXUS, ...Object.values(CONNECTORS)];
        this.names = new Names(stack.folder, Object.fromEntries(known.map((name) => [name, "127.0.0.1"])));
        this.containers = {
            team: `${stack.prefix}-mirror-team`,
            local: `${stack.prefix}-mirror-local`,
        };
    }

    /** A registry with a front and nothing behind it yet, and the upstreams on its network. */
    static async create(client: DockerClient): Promise<Joined> {
        // Without local names, `localhost` is free for a mirror.
        const settings = { ...ADMIN, "front.off": "false", "tls.ownCa.site.localNames": "false" };
        const joined = new Joined(await Stack.create("joins", { settings }));
        try {
            await joined.begin(client);
            return joined;
        } catch (error) {
            await joined.dispose();
            throw error;
        }
    }

    private async begin(client: DockerClient): Promise<void> {
        const { stack, upstreams } = this;
        this.things.push(stack);
        await stack.up();
        for (const folder of ["certs", "no-certs"]) mkdirSync(join(stack.folder, folder));
        this.trust(await stack.output("caCertificatePem"));
        this.blob = `/v2/team/image/blobs/${(await this.registry.upload("team/image")).digest}`;
        for (const [mirror, upstream] of Object.entries(upstreams)) {
            await upstream.start();
            this.things.push(upstream);
            const image = `${upstream.address}/team/${mirror}:1`;
            this.ids[mirror] = await client.image(image);
            await client.must(["push", image]);
            // Else Docker would take its layer from here, and not from the mirror.
            await client.forget(image);
            await joinNetwork(stack.prefix, upstream.name, upstream.name);
            this.things.push({ dispose: () => leave(stack.prefix, upstream.name) });
        }
    }

    /** Has all clients trust what `caCertificatePem` gives. */
    trust(ca: string): void {
        this.ca = ca;
        this.caFile = pemFile(join(this.stack.folder, "certs"), "ca.crt", ca);
        this.registry = this.site(DOMAIN);
    }

    /** Configures two mirrors and Nexus. */
    async configure({ image, standIn }: NexusImage): Promise<void> {
        await this.stack.configure({
            "mirrors.team.upstream": this.upstreams.team.url,
            "mirrors.local.upstream": this.upstreams.local.url,
            "mirrors.local.domain": "localhost",
            "nexus.acceptEula": "true",
            "nexus.image": image,
            "nexus.port": String(await freePort()),
            "nexus.openFiles": "0",
            "nexus.adminPassword": { secret: NEXUS_PASSWORD },
            ...(standIn ? { "nexus.heapMb": "512", "nexus.directMemoryMb": "512" } : {}),
        });
    }

    /** How clients write a site of the front. */
    at(name: string): string {
        return `${name}:${this.stack.port}`;
    }

    /** A client of a site, on connections of its own. */
    site(name: string): RegistryClient {
        const made = new RegistryClient(this.stack.port, this.ca, "127.0.0.1", name);
        this.things.push({ dispose: async () => made.close() });
        return made;
    }

    /** skopeo, with logins of the test's own and the names of the front. */
    skopeo(args: string[], input?: string): Promise<Result> {
        return this.names.run("skopeo", [...args, "--authfile", join(this.stack.folder, "auth.json")], input);
    }

    /** @param trust false: without the CA */
    copy(source: string, target: string, more: string[] = [], trust = true): Promise<Result> {
        const folder = join(this.stack.folder, trust ? "certs" : "no-certs");
        const certs = (side: string, place: string) =>
            place.startsWith("docker:") ? [`--${side}-cert-dir`, folder] : [];
        return this.skopeo([
            ...["copy", "--insecure-policy", ...more, ...certs("src", source), ...certs("dest", target)],
            ...[source, target],
        ]);
    }

    /** Pulls an image with skopeo. @returns its ID */
    async pulled(image: string, more: string[] = []): Promise<string> {
        const folder = join(this.stack.folder, `image-${this.count++}`);
        const { code, screen } = await this.copy(`docker://${image}`, `dir:${folder}`, more);
        if (code !== 0) throw new Error(screen);
        const text = readFileSync(join(folder, "manifest.json"), "utf8");
        return (JSON.parse(text) as { config: { digest: string } }).config.digest;
    }

    login(address: string, password: string): Promise<Result> {
        const certs = ["--cert-dir", join(this.stack.folder, "certs")];
        const args = ["login", "--username", "admin", "--password-stdin", ...certs, address];
        return this.skopeo(args, password);
    }

    /** Does something while blobs are pulled through the front, which must neither fail nor see another front. */
    async underLoad(work: () => Promise<unknown>): Promise<void> {
        const front = async () => {
            const { Id, State } = await inspect(`${this.stack.prefix}-front`);
            return [Id, State.StartedAt];
        };
        const before = await front();
        const load = new Load(this.registry, [this.blob], 20);
        let rate = 0;
        try {
            await work();
        } finally {
            rate = await load.stop();
        }
        expect(load.failures).toEqual([]);
        expect(rate).toBeGreaterThan(10);
        expect(await front()).toEqual(before);
    }

    async dispose(): Promise<void> {
        const errors: Error[] = [];
        for (const thing of this.things.splice(0).reverse())
            await thing.dispose().catch((error: unknown) => errors.push(error as Error));
        if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
    }
}
