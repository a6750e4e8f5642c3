/** What ends a Pulumi program: each is a process of its own, since Pulumi ends it where an output fails. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

import { buildSync } from "esbuild";

import { bundleOptions } from "../../../setup/start.cjs";

// Below node_modules, where the programs find the packages that no bundle has.
const CACHE = resolve(__dirname, "../../../node_modules/.cache");
mkdirSync(CACHE, { recursive: true });
const folder = mkdtempSync(join(CACHE, "private-registry-ends-"));
afterAll(() => rmSync(folder, { recursive: true }));

const bundled = (entry: string) => {
    const file = join(folder, `${entry}.cjs`);
    buildSync(bundleOptions(__dirname, { name: entry, entry: `${entry}.ts`, sources: [] }, file));
    return file;
};
const FILES = { "wrong-output": bundled("wrong-output"), "writer-ends": bundled("writer-ends") };

const program = (name: keyof typeof FILES, which: string) =>
    spawnSync(process.execPath, [FILES[name], which], { encoding: "utf8" });

describe("an Output", () => {
    test.each([
        ["domain", /domain is "https:\/\/a\.b"; it must be a host name/],
        ["password", /users\.admin has a password of 77 bytes; bcrypt reads 72 at most/],
        ["port", /port is 70000; it must be a whole number from 1 to 65535/],
        ["image", /image is "registry:2\.8\.3"; it must be 3\.1\.1 or newer/],
        ["url", /externalUrl is "http:\/\/docker\.example\.com"; with TLS it must begin with https:\/\//],
        ["secret", /domain is set to a value that is not shown; it must be a host name/],
        ["secretBesideOthers", /externalUrl is "…"; with TLS it must begin with https:\/\//],
    ])("of a wrong value is refused, before what needs it is made: %s", (which, message) => {
        const { status, stdout, stderr } = program("wrong-output", which);
        expect(stderr + stdout).toMatch(message);
        expect(stderr + stdout).not.toContain("hunter2");
        expect(status).not.toBe(0);
        // What does not need it may be there.
        expect(stdout).toMatch(/^r-http-secret$/m);
        const docker = /^r-(container|config-writer|config-volume|network|data)$/m;
        expect(stdout).not.toMatch(docker);
        expect(stderr + stdout).toMatch(/The options have a mistake; no Docker object was changed\./);
        // The SDK's own words, once for each property that waits for it.
        expect(stderr + stdout).not.toContain("error serializing");
    });

    test("of a key that is not the CA's is refused before a certificate is made, and not shown", () => {
        const { status, stdout, stderr } = program("wrong-output", "signer");
        expect(stderr).toMatch(
            /mistake; .*\n +caPrivateKeyPem cannot be used: its text does not belong to the certificate "CN=One CA"/,
        );
        expect(stderr).not.toMatch(/error serializing|PRIVATE KEY/);
        expect(status).not.toBe(0);
        expect(stdout).not.toMatch(/^s-cert$/m);
    });

    test("of a right value ends the same program well", () => {
        const { status, stdout } = program("wrong-output", "right");
        expect(stdout).toMatch(/^r-container$/m);
        expect(status).toBe(0);
    });
});

describe("the writer of the configuration", () => {
    test.each([
        ["0", 0, /^$/],
        ["undefined", 0, /^$/],
        [
            "1",
            1,
            /volume kit-dev-config \(exit code 1; is the disk full\?\).*docker logs kit-dev-config.*pulumi up --replace 'urn:.*::c-writer'/,
        ],
    ])("that ends with exit code %s ends the program with %i", (exitCode, status, message) => {
        const result = program("writer-ends", exitCode);
        expect(result.stderr).toMatch(message);
        expect(result.status).toBe(status);
    });
});
