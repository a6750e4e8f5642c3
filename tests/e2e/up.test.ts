/** `npm run up` as a user calls it: what it says, how much of it, and that it is true. */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { cleanup } from "./cleanup";
import { docker } from "./docker";
import { run } from "./run";
import { freePort } from "./stack";
import { ROOT, User } from "./user";

const use = cleanup();

/** The lines of a screen but for those that only tell how long it has taken so far, one each ten seconds. */
const lines = (text: string) =>
    text
        .replace(/\n$/, "")
        .split("\n")
        .filter((line) => !/^ {2}deploying: \d+ s, /.test(line));
const NOISE = /using pulumi-resource|Undefined value|pulumi:pulumi:Stack| {4}at .*\(/;

let user: User;
let settings: string[];

beforeAll(async () => {
    user = use(new User());
    const port = await freePort();
    settings = [
        "domain: localhost",
        `port: "${port}"`,
        "bindAddress: 127.0.0.1",
        "users:\n    admin:\n      generate: true",
    ];
    user.configure(settings);
});

test("a first run takes at most 40 lines, and names the log of the rest", async () => {
    const { code, screen } = await user.npm("up");
    expect({ code, screen }).toMatchObject({ code: 0 });
    expect(lines(screen).length).toBeLessThanOrEqual(40);
    expect(screen).not.toMatch(NOISE);
    const log = /^Log: +(\S+)$/m.exec(screen)?.[1] ?? "";
    expect(readFileSync(log, "utf8")).toContain("pulumi:pulumi:Stack");
    expect(statSync(log).mode & 0o777).toBe(0o600);
});

test("one without a change takes at most 12", async () => {
    const { code, screen } = await user.npm("up");
    expect({ code, screen }).toMatchObject({ code: 0 });
    expect(screen).toContain("Nothing to change");
    expect(lines(screen).length).toBeLessThanOrEqual(12);
});

test("a mistake takes few lines: what it is, and a fix for this stack", async () => {
    user.configure([...settings, "keepData: ja"]);
    const { code, screen } = await user.npm("up");
    user.configure(settings);
    expect(code).toBe(1);
    expect(screen).toContain('keepData is "ja"; it must be true or false');
    expect(screen).toContain(`fix: pulumi config set --stack ${user.name} keepData true`);
    expect(lines(screen).length).toBeLessThanOrEqual(9);
});

describe("what vanished behind Pulumi's back is made again", () => {
    const running = async () =>
        (await docker("container", "inspect", "--format", "{{.State.Running}}", user.prefix)).trim();

    test.each([
        ["a container that was removed", () => docker("rm", "--force", user.prefix), "(gone)"],
        ["a container that was stopped", () => docker("stop", "--time", "1", user.prefix), "(exited)"],
        [
            "all but the data, as by a prune",
            async () => {
                const label = `label=private-registry.deployment=${user.prefix}`;
                const all = await docker("ps", "--all", "--quiet", "--filter", label);
                await docker("rm", "--force", ...all.trim().split("\n"));
                await docker("network", "rm", user.prefix);
                return docker("volume", "rm", `${user.prefix}-config`);
            },
            "network ",
        ],
    ])("%s", async (_what, lose, said) => {
        await lose();
        const { code, screen } = await user.npm("up");
        expect({ code, screen }).toMatchObject({ code: 0 });
        expect(screen).toContain("made again now");
        expect(screen).toContain(said);
        expect(await running()).toBe("true");
    });
});

test("what the Engine refused is told in one sentence, once; the provider's own words are in the log", async () => {
    const wrong =
        "registryConfig:\n    storage:\n      maintenance:\n        readonly:\n          enabled: sometimes";
    user.configure([...settings, wrong]);
    const { code, screen } = await user.npm("up");
    user.configure(settings);
    expect(code).toBe(1);
    expect(screen.match(/did not become healthy/g)).toHaveLength(1);
    expect(screen).toContain("runs again as before");
    const RAW = /error occurred|creating urn:/;
    expect(screen).not.toMatch(RAW);
    const log = /Log: (\S+)$/m.exec(screen)?.[1] ?? "";
    expect(readFileSync(log, "utf8")).toMatch(RAW);
    expect(await user.npm("up")).toMatchObject({ code: 0 });
});

test("a registry that does not run is not said to be up", async () => {
    await docker("pause", user.prefix);
    const { code, screen } = await user.npm("up");
    await docker("unpause", user.prefix);
    expect(code).toBe(1);
    expect(screen).toContain(`\`docker unpause ${user.prefix}\``);
    expect(screen).not.toContain("Endpoint");
});

test("a lost passphrase is not replaced", async () => {
    const file = join(user.folder, "config", "private-registry", "passphrase");
    const text = readFileSync(file, "utf8");
    rmSync(file);
    const { code, screen } = await user.npm("up");
    expect(code).toBe(1);
    expect(screen).toContain(`The passphrase is not in ${file}`);
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
    writeFileSync(file, text, { mode: 0o600 });
});

test("the lines of the shell need no Engine", async () => {
    const { env } = user;
    const result = await run("npm", ["run", "--silent", "env", "--", "--stack", user.name], {
        cwd: ROOT,
        env: { ...env, DOCKER_HOST: "unix:///nowhere/docker.sock" },
    });
    expect(result.code).toBe(0);
    expect(result.stdout).toContain("export PULUMI_BACKEND_URL=");
    expect(result.screen).toContain("All that needs no Engine works");
});

test("it goes as quietly", async () => {
    const { code, screen } = await user.npm("destroy");
    expect({ code, screen }).toMatchObject({ code: 0 });
    expect(screen).not.toMatch(NOISE);
    expect(lines(screen).length).toBeLessThanOrEqual(15);
});
