/** `npm run export` with a stand-in for the Pulumi CLI; tests/e2e/systemd.test.ts has the real one. */
import { chmodSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";

import { exportStack } from "../../../ops/export";
import { host } from "../../unit/components/systemd/host";
import { machineIn, put, temporaryFolder } from "../../unit/setup/fixture";

const temporary = temporaryFolder();
const out = () => join(temporary.path, "out");
const KIT = resolve(__dirname, "../../..");
const SECRET = "-----BEGIN PRIVATE KEY-----";

beforeEach(() => {
    jest.spyOn(process.stderr, "write").mockReturnValue(true);
    jest.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

const screen = () =>
    [process.stdout, process.stderr]
        .flatMap((stream) => jest.mocked(stream.write).mock.calls.map(([text]) => String(text)))
        .join("");

/** Runs the command on a stack whose `pulumi stack output` ends with a code and prints something. */
function run(outputs: unknown, args = ["--target", "systemd", "--out", out()], code = 0): Promise<number> {
    const bin = join(temporary.path, "bin");
    put(join(temporary.path, "outputs.json"), JSON.stringify(outputs));
    put(
        join(bin, "pulumi"),
        `#!/bin/sh\n[ "$1" = version ] && exec echo v3.259.0\ncat "${temporary.path}/outputs.json"\nexit ${code}\n`,
    );
    put(join(bin, "pulumi-language-nodejs"), "#!/bin/sh\n");
    for (const name of ["pulumi", "pulumi-language-nodejs"]) chmodSync(join(bin, name), 0o755);
    const root = join(temporary.path, "root");
    put(join(root, "Pulumi.yaml"), "name: private-registry\n");

    const env = {
        PATH: `${bin}:${process.env.PATH}`,
        PULUMI_BACKEND_URL: "https://backend.test",
        DOCKER_HOST: "unix:///nonexistent/docker.sock",
    };
    return exportStack(machineIn(temporary.path, { root, kit: KIT, env }), args);
}

const outputs = (more = {}) => ({
    endpoint: "https://a.b",
    hostExport: { host: host(), leftOut: [], refused: [], ...more },
});

test("writes the folder, and shows no secret", async () => {
    expect(await run(outputs())).toBe(0);
    expect(existsSync(join(out(), "rpm/docker-distribution.service"))).toBe(true);
    expect(screen()).toContain(`Folder:   ${out()} (registry 2.8;`);
    for (const secret of [SECRET, "$2y$", host().settings.secret]) expect(screen()).not.toContain(secret);
});

test("names what it leaves out", async () => {
    await run(outputs({ leftOut: ["front: the registry itself serves TLS and the users"] }));
    expect(screen()).toContain("Left out: front: the registry itself serves TLS and the users\n");
});

test("writes nothing of a stack that cannot be exported", async () => {
    const refused = ["users.bob.role: every user may push", "anonymousPull: no"];
    await expect(run(outputs({ refused }))).rejects.toThrow(
        "This stack cannot be exported:\n  users.bob.role: every user may push\n  anonymousPull: no",
    );
    expect(existsSync(out())).toBe(false);
});

test("an option that the release does not read stops it, with its name", async () => {
    const given = { host: host({}, { http: { h2c: { enabled: true } } }) };
    await expect(run(outputs(given))).rejects.toThrow(/Registry 2\.8 does not read http\.h2c/);
    const three = ["--target", "systemd", `--out=${out()}`, "--registry-version=3"];
    expect(await run(outputs(given), three)).toBe(0);
});

test("a stack without the output, or that cannot be read, is refused, and no output is shown", async () => {
    await expect(run({})).rejects.toThrow("The stack dev is not deployed: run `npm run up` first.");
    await expect(run({ endpoint: "https://a.b" })).rejects.toThrow(
        "The stack dev has nothing to export yet: run `npm run up` first.",
    );
    const failed = await run(outputs(), undefined, 1).catch((error: Error) => error.message);
    expect(failed).toMatch(/^The stack dev in https:\/\/backend\.test cannot be read: /);
    expect(failed).not.toContain(SECRET);
});

test.each([
    [[], "--target is not set; it must be systemd"],
    [["--target", "compose", "--out", "x"], "--target is compose; it must be systemd"],
    [["--target", "systemd"], "--out is not set"],
    [
        ["--target", "systemd", "--out", "x", "--registry-version", "2.6"],
        "--registry-version is 2.6; it must be 2.8 or 3",
    ],
    [
        ["--target", "systemd", "--out", "x", "--force"],
        "npm run export: Unknown option '--force'; there are: --target, --out",
    ],
    [
        ["--target", "systemd", "--out", "x", "stray"],
        "npm run export: Unexpected argument 'stray'; there are: --target",
    ],
])("%j is refused", async (args, message) => {
    await expect(run(outputs(), args)).rejects.toThrow(message);
});
