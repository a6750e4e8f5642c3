/** The suite of the OCI distribution spec, and what it says of a registry. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { ensureClient } from "../../setup/client-tools";
import { thisMachine } from "../../setup/machine";

import { run } from "./run";
import { PASSWORD } from "./stack";

export class Conformance {
    private readonly folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-conformance-"));

    private constructor(private readonly suite: string) {}

    /** Building it takes a minute where nobody has done so before. */
    static async create(): Promise<Conformance> {
        return new Conformance(
            await ensureClient(thisMachine(resolve(__dirname, "..", "..")), "conformance"),
        );
    }

    /** Runs it. @returns `passed NAME` and the like of each test, sorted: it runs them in an order of chance */
    private async results(registry: Record<string, string>): Promise<string[]> {
        const env = {
            PATH: process.env.PATH,
            OCI_RESULTS_DIR: this.folder,
            OCI_REPO1: "conformance/one",
            OCI_REPO2: "conformance/two",
            ...registry,
        };
        // Where one test fails it ends with 1.
        const { code, screen } = await run(this.suite, [], { cwd: this.folder, env });
        if (code > 1) throw new Error(screen);
        const report = readFileSync(join(this.folder, "junit.xml"), "utf8");
        return [...report.matchAll(/<testcase name="([^"]*)"[^>]* status="(\w+)"/g)]
            .map(([, name, status]) => `${status} ${name}`)
            .sort();
    }

    /** Of a registry of this machine's without TLS and users. */
    bare(port: number): Promise<string[]> {
        return this.results({ OCI_REGISTRY: `localhost:${port}`, OCI_TLS: "disabled" });
    }

    /** Of one with the tests' user. @param address as in image names */
    async behind(address: string, caPem: string): Promise<string[]> {
        const ca = join(this.folder, "ca.crt");
        writeFileSync(ca, caPem);
        return this.results({
            OCI_REGISTRY: address,
            OCI_USERNAME: "admin",
            OCI_PASSWORD: PASSWORD,
            SSL_CERT_FILE: ca,
        });
    }

    dispose(): Promise<void> {
        rmSync(this.folder, { recursive: true, force: true });
        return Promise.resolve();
    }
}
