/** What a rotation writes into a stack's file, by the real Pulumi CLI: all of it or nothing. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { remove, set, type Step } from "../../../components/definition/problem";
import type { Config } from "../../../config/options";
import { writeSteps } from "../../../ops/rotate/write";
import { entriesOf, readConfig } from "../../../ops/shared/stack-config";
import { PROJECT } from "../../unit/config/base";

const folder = mkdtempSync(join(tmpdir(), "private-registry-rotate-"));
const env = {
    ...process.env,
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "x",
    PULUMI_SKIP_UPDATE_CHECK: "true",
};
const FILE = join(folder, "Pulumi.s.yaml");
/** What each call was given, to see that no secret is an argument. */
const calls: string[] = [];
const pulumi = async (args: string[], input = ""): Promise<string> => {
    calls.push(args.join(" "));
    const all = [...args, "--stack", "s", "--non-interactive"];
    return execFileSync("pulumi", all, { cwd: folder, env, input, encoding: "utf8", stdio: "pipe" });
};

beforeAll(() => {
    writeFileSync(join(folder, "Pulumi.yaml"), stringify({ name: PROJECT, runtime: "nodejs" }));
    execFileSync("pulumi", ["stack", "init", "s"], { cwd: folder, env, stdio: "pipe" });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a configuration and rotates. @returns the file after that, and whether it is the very same */
async function rotated(config: object, steps: readonly Step[]) {
    const namespaced = Object.fromEntries(
        Object.entries({ domain: "docker.example.com", ...config }).map(([k, v]) => [`${PROJECT}:${k}`, v]),
    );
    writeFileSync(FILE, stringify({ config: namespaced }));
    chmodSync(FILE, 0o640);
    const before = readFileSync(FILE, "utf8");
    const entries = await entriesOf(pulumi, FILE);
    const result = await writeSteps(pulumi, FILE, entries, steps).catch((error: unknown) => error as Error);
    return { result, same: readFileSync(FILE, "utf8") === before };
}

const GENERATED = { users: { admin: { generate: true } } };
const SIGNS = ["tls", "ownCa", "next", "signs"];

test.each<[string, object, Step[], object]>([
    [
        "a section that is not there",
        GENERATED,
        [set(SIGNS, false)],
        { next: { signs: false }, generation: 1 },
    ],
    [
        "one of which `true` is all",
        { ...GENERATED, tls: { ownCa: true } },
        [set(SIGNS, true)],
        { next: { signs: true } },
    ],
    [
        "one that is a text, with other values in it",
        { ...GENERATED, tls: '{"ownCa":{"validityDays":900,"next":{"signs":true}}}' },
        [remove(["tls", "ownCa", "next"]), set(["tls", "ownCa", "generation"], 2)],
        { validityDays: 900, generation: 2 },
    ],
    [
        "the third step",
        { ...GENERATED, tls: { ownCa: { next: { signs: true } } } },
        [remove(["tls", "ownCa", "next"]), set(["tls", "ownCa", "generation"], 2)],
        { generation: 2 },
    ],
])(
    "%s",
    async (_name, config, steps, ownCa) => {
        const { result, same } = await rotated(config, steps);
        expect(result).toMatchObject({ domain: "docker.example.com", tls: { ownCa } });
        expect("next" in ((result as Config).tls.ownCa ?? {})).toBe("next" in ownCa);
        expect(same).toBe(false);
        expect(statSync(FILE).mode & 0o777).toBe(0o640);
    },
    60_000,
);

test("what a rotation counted up is not lost by an option that is set afterwards", async () => {
    // As the kit's own Pulumi.yaml has it.
    const project = join(folder, "Pulumi.yaml");
    const text = readFileSync(project, "utf8");
    writeFileSync(project, stringify({ ...(parse(text) as object), config: { tls: { default: {} } } }));
    try {
        await rotated(GENERATED, [set(["tls", "ownCa", "generation"], 2)]);
        await pulumi(["config", "set", "--config-file", FILE, "--path", "tls.ownCa.validityDays", "900"]);
        expect((await readConfig(pulumi, FILE)).tls.ownCa).toMatchObject({
            generation: 2,
            validityDays: 900,
        });
    } finally {
        writeFileSync(project, text);
    }
}, 60_000);

test("a user's password, also where all users are one text", async () => {
    const steps = [
        set(["users", "admin", "generation"], 2),
        set(["users", "admin", "previous"], "2999-01-01T00:00:00Z"),
    ];
    const admin = { generate: true, generation: 2, previous: "2999-01-01T00:00:00Z" };
    for (const users of [GENERATED.users, JSON.stringify(GENERATED.users)])
        expect((await rotated({ users }, steps)).result).toMatchObject({ users: { admin } });
}, 60_000);

test("what would be refused is not written, and a key is no argument and not in clear", async () => {
    const key = "-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----\n";
    const next = ["tls", "ownCa", "next"];
    const { result, same } = await rotated(GENERATED, [
        set([...next, "cert"], "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n"),
        set([...next, "key"], key, true),
    ]);
    expect((result as Error).message).toMatch(/tls\.ownCa\.next\.cert cannot be used/);
    expect((result as Error).message).not.toContain("hidden");
    expect(same).toBe(true);
    expect(calls.join("\n")).not.toContain("hidden");
    const good = (extra: string[]) =>
        execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "900", ...extra], {
            cwd: folder,
            stdio: "pipe",
        });
    good([
        "-subj",
        "/CN=CA",
        "-keyout",
        "ca.key",
        "-out",
        "ca.crt",
        "-addext",
        "keyUsage=critical,keyCertSign",
    ]);
    const [cert, own] = ["ca.crt", "ca.key"].map((name) => readFileSync(join(folder, name), "utf8"));
    await rotated(GENERATED, [
        set(SIGNS, false),
        set([...next, "cert"], cert),
        set([...next, "key"], own, true),
    ]);
    const text = readFileSync(FILE, "utf8");
    expect(text).toContain("BEGIN CERTIFICATE");
    expect(text).not.toContain("PRIVATE KEY");
    expect(calls.join("\n")).not.toContain(own?.split("\n")[1]);
}, 60_000);
