/** The npm package as somebody gets it who has no checkout: packed, installed into an empty folder, used. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { objectsOf, removeObjects } from "./docker";
import { must, run } from "./run";
import { freePort } from "./stack";

const ROOT = resolve(__dirname, "..", "..");
const STACK = `e2e-package-${process.pid}`;
const MINUTES = 60_000;

let folder: string;
let project: string;
let env: NodeJS.ProcessEnv;
const npx = (...args: string[]) =>
    run("npx", ["--no-install", "private-registry", ...args], { cwd: project, env, timeoutMs: 5 * MINUTES });
const npm = (...args: string[]) => must("npm", args, { cwd: project, env, timeoutMs: 10 * MINUTES });

beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "private-registry-package-"));
    project = join(folder, "project");
    mkdirSync(project);
    env = {
        ...process.env,
        // A state and a passphrase of its own; the downloads and built images of this machine.
        XDG_DATA_HOME: join(folder, "data"),
        XDG_CONFIG_HOME: join(folder, "config"),
        PULUMI_HOME: join(folder, "pulumi"),
        PULUMI_STACK: STACK,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        npm_config_audit: "false",
        npm_config_fund: "false",
        CI: "true",
    };
    for (const name of ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
        delete env[name];
    const packed = await must("npm", ["pack", "--silent", "--pack-destination", folder], {
        cwd: ROOT,
        env,
        timeoutMs: 5 * MINUTES,
    });
    await npm("install", "--silent", join(folder, packed.trim().split("\n").at(-1) ?? ""));
}, 15 * MINUTES);

afterAll(async () => {
    await removeObjects(await objectsOf(`private-registry-${STACK}`));
    rmSync(folder, { recursive: true, force: true });
});

test("has no sources, no tests, nothing of a machine", () => {
    const installed = join(project, "node_modules", "private-registry");
    expect(readdirSync(installed).sort()).toEqual([
        "CHANGELOG.md",
        "LICENSE",
        "Pulumi.dev.yaml",
        "Pulumi.yaml",
        "README.md",
        "README.zh-CN.md",
        "SECURITY.md",
        "bin",
        "dist",
        "docs",
        "host",
        "package.json",
        "setup",
    ]);
    expect(readFileSync(join(installed, "Pulumi.dev.yaml"), "utf8")).not.toContain("encryptionsalt");
});

test("is imported, with its types", async () => {
    writeFileSync(
        join(project, "use.ts"),
        [
            'import { PrivateRegistry, type PrivateRegistryArgs } from "private-registry";',
            'const args: PrivateRegistryArgs = { domain: "localhost", users: { admin: { generate: true } } };',
            "export const make = () => new PrivateRegistry('registry', args);",
            "// @ts-expect-error a port is a number",
            'export const wrong: PrivateRegistryArgs = { ...args, port: "many" };',
            "",
        ].join("\n"),
    );
    const strict = {
        noEmit: true,
        strict: true,
        skipLibCheck: true,
        module: "node16",
        moduleResolution: "node16",
    };
    const tsconfig = { compilerOptions: { ...strict, types: [] }, files: ["use.ts"] };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    try {
        await must(process.execPath, [tsc, "-p", "tsconfig.json"], { cwd: project });
    } finally {
        for (const file of ["use.ts", "tsconfig.json"]) rmSync(join(project, file));
    }
    const names = await must(
        process.execPath,
        ["-p", 'Object.keys(require("private-registry")).sort().join(" ")'],
        { cwd: project },
    );
    expect(names).toContain("CertificateAuthority");
    expect(names).toContain("PrivateRegistry");
});

test(
    "makes a project, a registry in it, and takes that away",
    async () => {
        const early = await npx("up");
        expect(early.code).not.toBe(0);
        expect(early.screen).toContain("npx private-registry init");

        const made = await npx("init");
        expect([made.code, made.screen]).toEqual([0, expect.stringMatching(/Next: +npm run up/)]);
        // A second one would write over what the user has changed since.
        const again = await npx("init");
        expect([again.code, again.screen]).toEqual([1, expect.stringContaining("is not empty")]);

        const port = await freePort();
        writeFileSync(
            join(project, `Pulumi.${STACK}.yaml`),
            [
                "config:",
                "  private-registry:domain: localhost",
                `  private-registry:port: "${port}"`,
                "  private-registry:bindAddress: 127.0.0.1",
                "  private-registry:users:",
                "    admin:",
                "      generate: true",
                "",
            ].join("\n"),
        );
        const up = await must("npm", ["run", "up"], { cwd: project, env, timeoutMs: 5 * MINUTES });
        expect(up).toContain(`https://localhost:${port}`);
        expect(await objectsOf(`private-registry-${STACK}`)).toContain(`container private-registry-${STACK}`);
        const doctor = await npx("doctor");
        // Nothing failed; what is told as a warning is of this machine.
        if (doctor.code > 1) throw new Error(doctor.screen);

        await npm("run", "destroy");
        const left = await objectsOf(`private-registry-${STACK}`);
        expect(left.filter((one) => !one.endsWith("-data"))).toEqual([]);
    },
    15 * MINUTES,
);
