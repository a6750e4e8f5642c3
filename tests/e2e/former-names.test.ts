/** A stack of the last code that had the former names of options: the printed fixes rename them, and all that it has stays. */
import { gunzipSync } from "node:zlib";

import { IDENTITY_LABEL } from "../../components/deployment/hardening";

import { cleanup } from "./cleanup";
import { docker, inspect, objectsOf } from "./docker";
import { ACCEPT, RegistryClient } from "./http";
import { must, run } from "./run";
import { type Fixture, fixture, type Resource, resources, restored } from "./restored";
import { PASSWORD, type Stack } from "./stack";

interface Former extends Fixture {
    identity: string;
    /** Of the image team/image:1. */
    digest: string;
    /** A tar of the data volume, packed by gzip, base64. */
    data: string;
}

const FIXTURE = fixture<Former>("former-names");
const IMAGE = "/v2/team/image/manifests/1";
/** What clients and users know, and what is made of it. */
const KEPT = /:(PrivateKey|RandomPassword|RandomId|RandomBytes)$/;

describe("a stack of the former names", () => {
    const use = cleanup();
    let stack: Stack;
    let kept: Resource["outputs"];
    let passwords: Record<string, string>;
    let since: number;

    const keptNow = async () =>
        Object.fromEntries(
            (await resources(stack))
                .filter(({ type, urn }) => KEPT.test(type) || urn.endsWith("::registry-ca-cert"))
                .map(({ urn, id, outputs }) => [urn.split("::").at(-1), { id, outputs }]),
        );
    const containers = async () =>
        (await docker("ps", "--all", "--no-trunc", "--quiet", "--filter", `name=^${stack.prefix}`))
            .split("\n")
            .sort();

    beforeAll(async () => {
        stack = use(await restored("former", FIXTURE));
        const tar = gunzipSync(Buffer.from(FIXTURE.data, "base64"));
        await must("docker", ["cp", "--archive", "-", `${stack.prefix}:/var/lib/registry`], { input: tar });
        kept = await keptNow();
        for (const name of ["ca-key", "ca-cert", "site-key", "http-secret", "accounts-ci-password"])
            expect(kept).toHaveProperty(`registry-${name}`);
        passwords = await stack.output("passwords");
        since = Math.floor(Date.now() / 1000);
    });

    test("is told each of its former names, with a fix, and nothing is changed", async () => {
        const before = [await containers(), await objectsOf(stack.prefix)];
        const { code, screen } = await stack.tryUp();
        expect(code).not.toBe(0);
        for (const name of ["ca", "site", "frontSettings", "sites", "anonymousPull", "localNames", "redis"])
            expect(screen).toMatch(new RegExp(`private-registry:${name} is \\S+ now`));
        for (const name of ["tls", "front", "cache", "storage.driver"])
            expect(screen).toMatch(new RegExp(`private-registry:${name} is "`));
        expect([await containers(), await objectsOf(stack.prefix)]).toEqual(before);

        const fixes = [...screen.matchAll(/^ *fix: (pulumi .*)$/gm)].map(([, fix]) => fix ?? "");
        expect(fixes).toHaveLength(screen.match(/fix:/g)?.length ?? 0);
        for (const fix of fixes)
            expect(await run("sh", ["-c", fix], { cwd: stack.project, env: stack.env })).toMatchObject({
                code: 0,
            });
    });

    test("comes up with its CA, its users and their passwords, its image and its volumes", async () => {
        await stack.up();
        expect(await stack.output("caCertificatePem")).toBe(FIXTURE.ca);
        expect(await stack.output("identity")).toBe(FIXTURE.identity);
        expect(await stack.output("passwords")).toEqual(passwords);
        expect(await keptNow()).toMatchObject(kept);
        const gone = await docker(
            ...["events", "--since", String(since), "--until", String(Math.floor(Date.now() / 1000) + 1)],
            ...["--filter", "type=volume", "--filter", "event=destroy", "--format", "{{.Actor.ID}}"],
        );
        expect(gone.split("\n").filter((name) => name.startsWith(stack.prefix))).toEqual([]);
        for (const name of [stack.prefix, `${stack.prefix}-front`, `${stack.prefix}-redis`]) {
            const { State, Config } = (await inspect(name)) as unknown as {
                State: { Running: boolean };
                Config: { Labels: Record<string, string> };
            };
            expect([name, State.Running]).toEqual([name, true]);
            expect(Config.Labels[IDENTITY_LABEL]).toBe(FIXTURE.identity);
        }

        const client = new RegistryClient(stack.port, FIXTURE.ca);
        const ask = async (login: string, method: string, path: string) =>
            (await client.ask(path, { login, method, headers: { Accept: ACCEPT } })).status;
        const pulled = await client.ask(IMAGE, { login: "", headers: { Accept: ACCEPT } });
        expect([pulled.status, pulled.headers["docker-content-digest"]]).toEqual([200, FIXTURE.digest]);
        const uploads = "/v2/team/image/blobs/uploads/";
        expect(await ask(`admin:${PASSWORD}`, "POST", uploads)).toBe(202);
        expect(await ask(`ci:${passwords.ci}`, "POST", uploads)).toBe(202);
        expect(await ask("guest:guest of e2e", "GET", IMAGE)).toBe(200);
        expect(await ask("guest:guest of e2e", "POST", uploads)).toBe(403);
        client.close();
    });

    test("and is as it is to be", async () => {
        await stack.up("--expect-no-changes");
    });
});
