/**
 * The conformance suite of the OCI distribution specification: behind the front, with the page, a login and blobs from disk, each of its
 * tests ends as with the registry itself.
 */
import { BareRegistry } from "./bare-registry";
import { cleanup } from "./cleanup";
import { Conformance } from "./conformance";
import { docker, frontLog } from "./docker";
import { REGISTRY_IMAGE } from "./images";
import { imageOf28, removeImages } from "./other-images";
import { ADMIN, Stack } from "./stack";

const OLD_IMAGE = "e2e-conformance/old-registry:2.8.2";

describe.each([
    ["3", REGISTRY_IMAGE],
    ["2.8", OLD_IMAGE],
])("registry %s", (_, image) => {
    const use = cleanup();
    let stack: Stack;
    let suite: Conformance;

    beforeAll(async () => {
        suite = use(await Conformance.create());
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
    }, 900_000);

    test("each test ends as with the registry itself, and blobs come from disk", async () => {
        const bare = use(await BareRegistry.start(`${stack.prefix}-bare`, { image }));
        const alone = await suite.bare(bare.port);
        const behind = await suite.behind(`localhost:${stack.port}`, await stack.output("caCertificatePem"));
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
