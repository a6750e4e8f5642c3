/** Images in an S3 store (R11): a real one, over TLS with a certificate of its own. examples/s3 is the second registry. */
import { cleanup } from "./cleanup";
import { collect } from "./gc";
import { docker, DockerClient, inspect } from "./docker";
import { ACCEPT, RegistryClient } from "./http";
import { until } from "./run";
import { S3Server } from "./s3-server";
import { ADMIN, PASSWORD, type Settings, Stack } from "./stack";

describe("images in an S3 store", () => {
    const use = cleanup();
    const client = use(new DockerClient());
    let store: S3Server;
    let stack: Stack;
    let address: string;
    let image: string;

    const settings = (): Settings => ({
        "storage.s3.bucket": "images",
        "storage.s3.endpoint": store.endpoint,
        "storage.s3.accessKey": { secret: store.accessKey },
        "storage.s3.secretKey": { secret: store.secretKey },
        "storage.s3.ca": store.caPem(),
    });
    const ask = async (path: string, method = "GET") => {
        const http = await RegistryClient.of(stack);
        const answer = await http.ask(path, { method, headers: { Accept: ACCEPT } });
        http.close();
        return answer;
    };
    const mounts = async () => (await inspect(stack.prefix)).Mounts.map(({ Name }) => Name);

    beforeAll(async () => {
        store = use(await S3Server.start());
        await store.request("PUT", "images");
        stack = use(await Stack.create("s3", { settings: ADMIN }));
        address = `localhost:${stack.port}`;
        image = `${address}/team/image:1`;
        await client.image(image);
    });

    test("a stack moves there from its volume, which stays", async () => {
        await stack.up();
        expect(await mounts()).toContain(`${stack.prefix}-data`);
        const http = await RegistryClient.of(stack);
        await http.upload("before/image");
        http.close();
        await stack.configure(settings());
        await stack.up();
        expect(await mounts()).toEqual([`${stack.prefix}-config`]);
        expect(await docker("volume", "ls", "--quiet")).toContain(`${stack.prefix}-data`);
        await stack.up("--expect-no-changes");
    });

    test("push, restart, pull: the images are in the bucket", async () => {
        await client.login(address, "admin", PASSWORD);
        await client.must(["push", image]);
        expect(await store.request("GET", "images?list-type=2")).toContain(
            "docker/registry/v2/repositories/team/image/_manifests/tags/1/current/link",
        );
        await docker("restart", stack.prefix);
        await client.forget(image);
        await until("the registry is back", () =>
            client.must(["pull", image]).then(
                () => true,
                () => undefined,
            ),
        );
        // What the check of the storage writes is no image.
        expect((await ask("/v2/_catalog")).body).toBe('{"repositories":["team/image"]}\n');
    });

    test("garbage collection frees what was deleted, and tells how much", async () => {
        const gone = `${address}/team/image:gone`;
        await client.image(gone);
        const { digest } =
            /(?<digest>sha256:[0-9a-f]{64})/.exec(await client.must(["push", gone]))?.groups ?? {};
        expect((await ask(`/v2/team/image/manifests/${digest}`, "DELETE")).status).toBe(202);
        const { code, stdout, screen } = await collect(stack).done;
        expect([code, screen]).toEqual([0, expect.stringContaining("back in its normal mode")]);
        // The image's layer of 200 kB, its configuration and its manifest; and the empty blob of the storage check.
        expect(stdout).toMatch(
            /^Removed 4 blobs and 0 manifests, 20\d\.\d kB in the 2 blobs of known size; 3 blobs in use\.\n$/,
        );
        expect(await store.request("GET", "images?list-type=2")).not.toContain(`/${digest?.slice(7)}/`);
        await client.forget(image);
        await client.must(["pull", image]);
        await stack.up("--expect-no-changes");
    });

    test("a second registry on the same bucket has the same images", async () => {
        const second = await Stack.create("s3b", {
            program: "examples/s3",
            settings: {
                bucket: "images",
                endpoint: store.endpoint,
                ca: store.caPem(),
                accessKey: { secret: store.accessKey },
                secretKey: { secret: store.secretKey },
            },
        });
        try {
            expect(await second.up()).toContain(
                "Authentication is off: anyone who reaches the port may push",
            );
            const theirs = `localhost:${second.port}/team/image:1`;
            await client.must(["pull", theirs]);
            const id = (name: string) => docker("image", "inspect", "--format", "{{.Id}}", name);
            expect(await id(theirs)).toBe(await id(image));
            await client.forget(theirs);
        } finally {
            await second.dispose();
        }
    });

    test("delete", async () => {
        const { headers } = await ask("/v2/team/image/manifests/1");
        const manifest = `/v2/team/image/manifests/${String(headers["docker-content-digest"])}`;
        expect((await ask(manifest, "DELETE")).status).toBe(202);
        expect((await ask(manifest)).status).toBe(404);
    });

    test.each<[what: string, key: string, value: string, said: string]>([
        ["a wrong key", "secretKey", "not-the-right-one", "the store refuses the key: it is wrong"],
        ["a missing bucket", "bucket", "missing", "the bucket or container does not exist: create it"],
    ])("%s: `up` fails and says so", async (_what, key, value, said) => {
        const path = `storage.s3.${key}`;
        await stack.configure({ [path]: key === "secretKey" ? { secret: value } : value });
        const { code, screen } = await stack.tryUp();
        await stack.configure({ [path]: settings()[path] ?? "" });
        expect(code).not.toBe(0);
        expect(screen).toContain(`${stack.prefix} did not become healthy. Images cannot be written: ${said}`);
    });

    test("the next `up` with what is right works, and no key is to be seen anywhere", async () => {
        await stack.up();
        expect((await ask("/v2/team/image/tags/list")).status).toBe(200);
        const shown = [
            await stack.exportText(),
            JSON.stringify([await inspect(stack.prefix), await inspect(`${stack.prefix}-config`)]),
            (await client.run(["logs", stack.prefix])).screen,
        ];
        for (const text of shown) {
            expect(text).not.toContain(store.secretKey);
            expect(text).not.toContain(store.accessKey);
        }
    });
});
