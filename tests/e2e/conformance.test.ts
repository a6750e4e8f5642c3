/**
 * The conformance suite of the OCI distribution specification: behind the front, with the page, a login and blobs from disk, each of its
 * tests ends as with the registry itself.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { ensureClient } from "../../setup/client-tools";
import { thisMachine } from "../../setup/machine";

import { BareRegistry } from "./bare-registry";
import { cleanup } from "./cleanup";
import { docker, frontLog } from "./docker";
import { REGISTRY_IMAGE } from "./images";
import { imageOf28, removeImages } from "./other-images";
import { run } from "./run";
import { ADMIN, PASSWORD, Stack } from "./stack";

const OLD_IMAGE = "e2e-conformance/old-registry:2.8.2";

describe.each([
    ["3", REGISTRY_IMAGE],
    ["2.8", OLD_IMAGE],
])("registry %s", (_, image) => {
    const use = cleanup();
    let stack: Stack;
    let suite: string;
    let folder: string;

    beforeAll(async () => {
        suite = await ensureClient(thisMachine(resolve(__dirname, "..", "..")), "conformance");
        folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-conformance-"));
        use({ dispose: async () => rmSync(folder, { recursive: true, force: true }) });
        if (image === OLD_IMAGE) {
            use({ dispose: () => removeImages(OLD_IMAGE) });
            await imageOf28(image);
        }
        const settings = {
            ...ADMIN,
            image,
            keepData: "false",
            deleteEnabled: "true",
            accessLog: "true",
            "front.off": "false",
        };
        stack = use(await Stack.create("conformance", { settings }));
        await stack.up();
        // Building it takes a minute where nobody has done so before.
    }, 900_000);

    /** Runs it. @returns `passed NAME` and the like of each test, sorted: it runs them in an order of chance */
    async function results(registry: Record<string, string>): Promise<string[]> {
        const env = {
            PATH: process.env.PATH,
            OCI_RESULTS_DIR: folder,
            OCI_REPO1: "conformance/one",
            OCI_REPO2: "conformance/two",
            ...registry,
        };
        // Where one test fails it ends with 1.
        const { code, screen } = await run(suite, [], { cwd: folder, env });
        if (code > 1) throw new Error(screen);
        const report = readFileSync(join(folder, "junit.xml"), "utf8");
        return [...report.matchAll(/<testcase name="([^"]*)"[^>]* status="(\w+)"/g)]
            .map(([, name, status]) => `${status} ${name}`)
            .sort();
    }

    test("each test ends as with the registry itself, and blobs come from disk", async () => {
        const bare = use(await BareRegistry.start(`${stack.prefix}-bare`, { image }));
        const alone = await results({ OCI_REGISTRY: `localhost:${bare.port}`, OCI_TLS: "disabled" });
        const ca = join(folder, "ca.crt");
        writeFileSync(ca, await stack.output("caCertificatePem"));
        const behind = await results({
            OCI_REGISTRY: `localhost:${stack.port}`,
            OCI_USERNAME: "admin",
            OCI_PASSWORD: PASSWORD,
            SSL_CERT_FILE: ca,
        });
        expect(behind).toEqual(alone);
        const passed = alone.filter((line) => line.startsWith("passed "));
        process.stderr.write(`${alone.length} tests, ${passed.length} passed\n`);
        expect(passed.length).toBeGreaterThan(500);

        const { requests } = await frontLog(stack.prefix);
        const pulls = requests
            .map((line) => JSON.parse(line) as { method: string; path: string; status: number })
            .filter(
                ({ method, path, status }) => `${method} ${status}` === "GET 200" && /sha256:/.test(path),
            );
        const paths = pulls.map(({ path }) => path).filter((path) => path.includes("/blobs/"));
        expect(paths.length).toBeGreaterThan(50);
        const log = await docker("logs", stack.prefix);
        const asked = paths.filter((path) => log.includes(`"GET ${path} HTTP/1.1" 200`));
        // The registry has the empty blob to itself.
        expect(asked.filter((path) => !path.includes(":e3b0c442"))).toEqual([]);
        expect(log).toMatch(/"GET \/v2\/conformance\/one\/manifests\/\S+ HTTP\/1.1" 200/);
    });
});
