/** Mirrors and Nexus behind the nginx front: under their own names, on its one port, coming and going by reload. */
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { MirrorAccess } from "../../components";

import { handshake, profile, served } from "./certificates";
import { cleanup } from "./cleanup";
import { docker, DockerClient, inspect, objectsOf } from "./docker";
import { CONNECTORS, Joined, NEXUS, NEXUS_PASSWORD, TEAM } from "./joined";
import { type NexusImage, nexusImage } from "./nexus-image";
import { care } from "./retain";
import { sleep, until } from "./run";
import { PASSWORD, type Stack } from "./stack";
import { Trusting, UNKNOWN } from "./trusting";

describe("behind the front", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    let nexus: NexusImage;
    let joined: Joined;
    let stack: Stack;
    /** The image of the mirror that Docker finds, and that of the other one. */
    let images: { local: string; team: string };

    const status = async (site: string, path: string, login = "", method = "GET") =>
        (await joined.site(site).ask(path, { login, method })).status;
    const manifest = (image: string) => `/v2/team/${image}/manifests/1`;

    beforeAll(async () => {
        nexus = use(await nexusImage());
        joined = use(await Joined.create(client));
        ({ stack } = joined);
        images = { local: `${joined.at("localhost")}/team/local:1`, team: `${joined.at(TEAM)}/team/team:1` };
    });

    test("the first mirrors and Nexus come by reload: no pull fails, and the front stays", async () => {
        await joined.configure(nexus);
        await joined.underLoad(() => stack.up());
        await stack.up("--expect-no-changes");
        for (const name of Object.values(joined.containers))
            expect((await inspect(name)).HostConfig.PortBindings ?? {}).toEqual({});
    });

    test("each name has a certificate of the CA, for itself alone", async () => {
        for (const name of [TEAM, "localhost", NEXUS]) {
            const { code, screen } = await handshake(`127.0.0.1:${stack.port}`, name, joined.caFile);
            expect([name, code, /Verify return code: 0/.test(screen)]).toEqual([name, 0, true]);
            const [certificate = ""] = await served(`127.0.0.1:${stack.port}`, name);
            expect((await profile(certificate))["Subject Alternative Name"]).toBe(`DNS:${name}`);
        }
    });

    test("the outputs name the address at which the front serves each mirror", async () => {
        const { team, local } = await stack.output<Record<string, MirrorAccess>>("mirrors");
        const address = joined.at(TEAM);
        expect(team?.endpoint).toBe(`https://${address}`);
        expect(team?.containerdHostsToml).toContain(`[host."https://${address}"]`);
        expect(team?.registriesConf).toContain(`location = "${address}"`);
        expect(local?.endpoint).toBe(`https://${joined.at("localhost")}`);
    });

    test("skopeo pulls through a mirror by its name, with the CA and without a login", async () => {
        const target = `dir:${join(stack.folder, "none")}`;
        const stranger = await joined.copy(`docker://${images.team}`, target, [], false);
        expect(stranger.code).not.toBe(0);
        expect(stranger.screen).toContain("certificate signed by unknown authority");
        expect(await joined.pulled(images.team)).toBe(joined.ids.team);
    });

    test("docker pulls through the mirror beside it, and sees only what its own upstream has", async () => {
        await client.must(["pull", images.local]);
        const id = await client.must(["image", "inspect", "--format", "{{.Id}}", images.local]);
        expect(id.trim()).toBe(joined.ids.local);
        await client.forget(images.local);
        const other = await client.run(["pull", images.local.replace("local:1", "team:1")]);
        expect(other.code).not.toBe(0);
        expect(other.screen).toMatch(/manifest unknown|not found/);
    });

    test("a push to a mirror is refused at once, whoever pushes", async () => {
        const own = `${joined.at("localhost")}/team/own:1`;
        await client.image(own);
        const before = Date.now();
        const { code, screen } = await client.run(["push", own]);
        expect(code).not.toBe(0);
        expect(Date.now() - before).toBeLessThan(15_000);
        expect(screen).toMatch(/405.*Method not allowed/);
        for (const login of ["", `admin:${PASSWORD}`])
            expect(await status(TEAM, manifest("team"), login, "DELETE")).toBe(405);
    });

    test("the users are for the registry: a mirror asks for no login and shows none of its images", async () => {
        expect((await joined.registry.ask("/v2/", { login: "" })).status).toBe(401);
        expect(await client.login(joined.at("localhost"), "admin", "wrong")).toMatchObject({ code: 0 });
        await client.must(["logout", joined.at("localhost")]);
        for (const login of ["", "admin:wrong"]) {
            expect(await status(TEAM, "/v2/", login)).toBe(200);
            expect(await status(TEAM, joined.blob, login)).toBe(404);
        }
    });

    test("a mirror is served at once where it has another address, and never taken for the one beside it", async () => {
        // Often enough that each worker of nginx gets some of them: each has addresses of its own in mind.
        const allAnswer = async () => {
            for (let i = 0; i < 20; i++)
                for (const [site, image] of Object.entries({ [TEAM]: "team", localhost: "local" }))
                    expect(await status(site, manifest(image))).toBe(200);
        };
        const containers = [joined.containers.team, joined.containers.local];
        const addresses = async () => {
            const both = await Promise.all(containers.map((one) => inspect(one)));
            return both.map(({ NetworkSettings }) => NetworkSettings.Networks[stack.prefix]?.IPAddress ?? "");
        };
        const last = (address = "") => Number(address.split(".")[3]);
        const before = await addresses();
        await allAnswer();
        // As where both are made anew: the Engine gives out the lowest address that is free.
        await docker("stop", "--time", "1", ...containers);
        const swapped = last(before[0]) < last(before[1]) ? containers.toReversed() : containers;
        for (const one of swapped) await docker("start", one);
        expect(await addresses()).toEqual(before.toReversed());
        // The time that `up` waits for a new container at least.
        const end = Date.now() + 2000;
        while (Date.now() < end)
            for (const [site, image] of Object.entries({ [TEAM]: "local", localhost: "team" }))
                expect(await status(site, manifest(image))).not.toBe(200);
        await allAnswer();
    });

    describe("Nexus", () => {
        /** Pushes to one name and pulls from another. */
        async function roundTrip(hosted: string, group: string): Promise<void> {
            const [source, target] = [`docker://${images.team}`, `docker://${hosted}/team/app:1`];
            const refused = await joined.copy(source, target);
            expect(refused.code).not.toBe(0);
            expect(refused.screen).toMatch(/unauthorized|authentication required|401/i);
            for (const address of new Set([hosted, group].map((name) => name.replace(/\/.*/, "")))) {
                expect((await joined.login(address, "wrong")).code).not.toBe(0);
                expect(await joined.login(address, NEXUS_PASSWORD)).toMatchObject({ code: 0 });
            }
            expect(await joined.copy(source, target)).toMatchObject({ code: 0 });
            expect(await joined.pulled(`${group}/team/app:1`)).toBe(joined.ids.team);
        }

        test("its port 8081 answers under its own name, and sends clients back there", async () => {
            expect(await status(NEXUS, "/service/rest/v1/status")).toBe(200);
            const api = "/service/rest/v1/repositories";
            expect(await status(NEXUS, api, `admin:${NEXUS_PASSWORD}`)).toBe(200);
            // The registry's own administrator.
            expect(await status(NEXUS, api, `admin:${PASSWORD}`)).toBe(401);
            const headers = { Host: joined.at(NEXUS) };
            const answer = await joined.site(NEXUS).ask("/v2/", { login: "", headers });
            expect(answer.headers["www-authenticate"]).toContain(
                `realm="https://${joined.at(NEXUS)}/v2/token"`,
            );
        });

        test("login, push to hosted and pull from the group, by path", async () => {
            await roundTrip(`${joined.at(NEXUS)}/docker-hosted`, `${joined.at(NEXUS)}/docker-group`);
        });

        test("the connectors come by reload, each under its own name", async () => {
            await stack.configure({ "nexus.docker.routing": "ports" });
            await joined.underLoad(() => stack.up());
            await roundTrip(joined.at(CONNECTORS.hosted), joined.at(CONNECTORS.group));
            const proxy = await joined.copy(
                `docker://${images.team}`,
                `docker://${joined.at(CONNECTORS.proxy)}/team/app:1`,
            );
            expect(proxy.code).not.toBe(0);
        });
    });

    test("another CA: mirrors and Nexus serve the certificate of the step, and refuse nobody who follows", async () => {
        const first = joined.ca;
        const paths = {
            [TEAM]: manifest("team"),
            localhost: manifest("local"),
            [NEXUS]: "/service/rest/v1/status",
        };
        const sites = Object.entries(paths);
        const clients = (agent: string) =>
            sites.map(([name, path]) => new Trusting(stack.port, first, path, agent, 4, name));
        const [old, followers] = [clients("old"), clients("follower")];
        const trust = async () => {
            joined.trust(await stack.output("caCertificatePem"));
            for (const load of followers) load.ca = joined.ca;
        };
        const step = async () => {
            const { code, screen } = await care(stack, "rotate-ca", "--yes");
            expect([code, screen]).toEqual([0, screen]);
            return Date.now();
        };
        const expectSigned = async (by: string) => {
            for (const [name] of sites) {
                const [certificate = ""] = await served(`127.0.0.1:${stack.port}`, name);
                expect(new X509Certificate(certificate).verify(new X509Certificate(by).publicKey)).toBe(true);
            }
        };
        try {
            await step();
            await trust();
            await expectSigned(first);
            const before = Date.now();
            const signed = await step();
            const second = joined.ca.slice(first.length);
            await expectSigned(second);
            await step();
            await trust();
            expect(joined.ca).toBe(second);
            await sleep(1_000);
            await Promise.all([...old, ...followers].map((load) => load.stop()));
            for (const load of followers) expect(load.problems().filter(Boolean)).toEqual([]);
            for (const load of old) {
                expect(load.problems(0, before).filter(Boolean)).toEqual([]);
                for (const problem of load.problems(signed)) expect(problem).toMatch(UNKNOWN);
                expect(load.problems(signed).length).toBeGreaterThan(10);
            }
        } finally {
            await Promise.all([...old, ...followers].map((load) => load.stop()));
        }
        expect(await joined.pulled(images.team)).toBe(joined.ids.team);
        expect((await joined.login(joined.at(CONNECTORS.hosted), NEXUS_PASSWORD)).code).toBe(0);
    });

    describe("when the upstreams are gone", () => {
        beforeAll(async () => {
            // The registry answers the client before it has written the blob to its end.
            for (const name of Object.values(joined.containers))
                await until("the cache has it", async () => {
                    const find = "find /var/lib/registry/docker/registry/v2/blobs -name data -size +100k";
                    const found = await docker("exec", name, "sh", "-c", find);
                    return found === "" ? undefined : true;
                });
            for (const { name } of Object.values(joined.upstreams)) await docker("stop", "--time", "1", name);
        });

        test("skopeo and docker pull from the caches", async () => {
            expect(await joined.pulled(images.team)).toBe(joined.ids.team);
            await client.must(["pull", images.local]);
            await client.forget(images.local);
        });

        test("skopeo reads the upstream's own name through the mirror, by the registries.conf of the output", async () => {
            const { team } = await stack.output<Record<string, MirrorAccess>>("mirrors");
            const conf = join(stack.folder, "registries.conf");
            writeFileSync(conf, team?.registriesConf ?? "");
            const image = `${new URL(joined.upstreams.team.url).host}/team/team:1`;
            expect(await joined.pulled(image, ["--registries-conf", conf])).toBe(joined.ids.team);
        });
    });

    test("all of them go by reload, and leave their data", async () => {
        await stack.unset("mirrors", "nexus");
        await joined.underLoad(() => stack.up());
        for (const name of [TEAM, "localhost", NEXUS])
            expect((await handshake(`127.0.0.1:${stack.port}`, name, joined.caFile)).code).not.toBe(0);
        expect((await objectsOf(stack.prefix)).filter((one) => /mirror|nexus/.test(one))).toEqual(
            ["mirror-local", "mirror-team", "nexus"].map((name) => `volume ${stack.prefix}-${name}-data`),
        );
    });
});
