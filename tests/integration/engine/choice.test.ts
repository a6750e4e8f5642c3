/** Which Engine is meant: the kit's one table, side by side with the docker CLI's own answer. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { resolveEndpoint } from "../../../engine/endpoint";
import { callEngine } from "../../../engine/http";
import { engineCandidates, engineEnv } from "../../../setup/engine";
import { machineIn } from "../../unit/setup/fixture";

let folder: string;
const NAMES = ["env", "far", "other"] as const;
const servers: Server[] = [];
const socket = (name: string) => `unix://${join(folder, `${name}.sock`)}`;

/** Fake Engines, each of which tells its name. */
beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "private-registry-choice-"));
    for (const name of NAMES) {
        const server = createServer((_request, answer) => {
            answer.setHeader("Api-Version", "1.41");
            answer.end(JSON.stringify({ Version: name, ApiVersion: "1.41", Os: "linux", Arch: "amd64" }));
        });
        servers.push(server);
        await new Promise<void>((done) => server.listen(join(folder, `${name}.sock`), done));
    }
    const env = { ...process.env, DOCKER_CONFIG: folder, DOCKER_HOST: "", DOCKER_CONTEXT: "" };
    for (const name of ["far", "other"])
        execFileSync("docker", ["context", "create", name, "--docker", `host=${socket(name)}`], {
            env,
            stdio: "pipe",
        });
});

afterAll(async () => {
    for (const server of servers) await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true, force: true });
});

/** The Engine that the CLI takes. */
function cli(env: NodeJS.ProcessEnv): string {
    const docker = (...args: string[]) => execFileSync("docker", args, { env, encoding: "utf8" }).trim();
    const format = ["--format", "{{.Endpoints.docker.Host}}"];
    return docker("context", "inspect", docker("context", "show"), ...format);
}

const pick = [undefined, "", "far", "default"] as const;
const cases = [undefined, "", "env"].flatMap((host) =>
    pick.flatMap((context) => [undefined, "other"].map((current) => ({ host, context, current }))),
);

test.each(cases)("DOCKER_HOST $host, DOCKER_CONTEXT $context, currentContext $current", async (one) => {
    writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: one.current }));
    const { DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY, ...rest } = process.env;
    void [DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY];
    const env: NodeJS.ProcessEnv = { ...rest, DOCKER_CONFIG: folder };
    if (one.host !== undefined) env.DOCKER_HOST = one.host && socket(one.host);
    if (one.context !== undefined) env.DOCKER_CONTEXT = one.context;
    const said = cli(env);

    const ours = resolveEndpoint({}, { env });
    expect(ours.url).toBe(said);
    // The same for setup and commands, and for what these hand on to plugins.
    const machine = machineIn(folder, { env });
    const forSetup = engineCandidates(machine, undefined);
    expect(forSetup.candidates[0]?.url).toBe(said);
    const handedOn = { ...env, ...engineEnv(forSetup.candidates[0], env) };
    expect(resolveEndpoint({}, { env: handedOn }).url).toBe(said);

    const name = NAMES.find((known) => said === socket(known));
    if (name === undefined) return expect(said).toBe("unix:///var/run/docker.sock");
    const { body } = await callEngine(ours, { path: "/version" });
    expect((JSON.parse(body) as { Version: string }).Version).toBe(name);
});

test("a stack's own setting goes before all variables, and a provider's context before its host", () => {
    const env = { DOCKER_CONFIG: folder, DOCKER_HOST: "tcp://b:2", DOCKER_CONTEXT: "other" };
    expect(resolveEndpoint({ host: "tcp://a:1" }, { env }).url).toBe("tcp://a:1");
    expect(resolveEndpoint({ host: "tcp://a:1", context: "far" }, { env }).url).toBe(socket("far"));
});

test("a folder of certificates alone is no TLS, as for the CLI; DOCKER_TLS is TLS without a check", () => {
    const env = { DOCKER_HOST: "tcp://b:2", DOCKER_CERT_PATH: "/certs" };
    expect(resolveEndpoint({}, { env }).certPath).toBeUndefined();
    expect(engineEnv(resolveEndpoint({}, { env }), env)).toMatchObject({ DOCKER_CERT_PATH: "" });
    expect(resolveEndpoint({}, { env: { ...env, DOCKER_TLS_VERIFY: "1" } })).toMatchObject({
        certPath: "/certs",
    });
    expect(resolveEndpoint({}, { env: { ...env, DOCKER_TLS: "1" } })).toMatchObject({ insecure: true });
    expect(resolveEndpoint({ certPath: "/own" }, { env }).certPath).toBe("/own");
});

test("an address that is none is told without what it may hold as a password", async () => {
    const machine = machineIn(folder, { env: { DOCKER_HOST: "ftp://me:secret@x" } });
    expect(() => engineCandidates(machine, undefined)).toThrow(
        /^DOCKER_HOST is "ftp:\/\/x", which is no Engine/,
    );
    await expect(callEngine({ url: "ftp://a:b@x", source: "s" }, { path: "/" })).rejects.toThrow(
        's is "ftp://x"',
    );
});
