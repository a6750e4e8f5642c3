/** A storage as a power cut leaves it: neither catalog nor collection stops at it, nothing whole is lost, the doctor mends. */
import { createHash, randomBytes } from "node:crypto";

import { cleanup } from "./cleanup";
import { docker } from "./docker";
import { collect, command, missing, pushImage } from "./gc";
import { ACCEPT, RegistryClient } from "./http";
import { LONG } from "./long";
import { type Result, until } from "./run";
import { ADMIN, Stack } from "./stack";

const STORE = "/var/lib/registry/docker/registry/v2";
/** The command that every line names, for the stack that it was called for. */
const WAY_OUT = /npm run doctor -- --stack \S+ (--config-file \S+ )?--store --mend/;
const sha256 = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

interface Image {
    config: Buffer;
    layer: Buffer;
    manifest: Buffer;
}

function image(): Image {
    const [config, layer] = [randomBytes(1_000), randomBytes(50_000)];
    const blob = (bytes: Buffer) => ({
        mediaType: "application/octet-stream",
        digest: sha256(bytes),
        size: bytes.length,
    });
    const manifest = Buffer.from(
        JSON.stringify({ schemaVersion: 2, mediaType: ACCEPT, config: blob(config), layers: [blob(layer)] }),
    );
    return { config, layer, manifest };
}

/** Paths of an image's files in the storage. */
function files(repository: string, tag: string, { layer, manifest }: Image) {
    const path = (bytes: Buffer) => sha256(bytes).replace(":", "/");
    const blob = (bytes: Buffer) => `blobs/${path(bytes).replace(/\/(..)/, "/$1/$1")}/data`;
    const folder = `repositories/${repository}`;
    return {
        revision: `${folder}/_manifests/revisions/${path(manifest)}/link`,
        current: `${folder}/_manifests/tags/${tag}/current/link`,
        layerLink: `${folder}/_layers/${path(layer)}/link`,
        manifest: blob(manifest),
        layer: blob(layer),
    };
}

type Files = ReturnType<typeof files>;

interface Kind {
    name: string;
    /** Lines for the shell, in the storage. */
    harm: (files: Files) => string;
    /** The file that is named. */
    file: keyof Files;
    /** Whether a collection by itself makes the image whole again. */
    whole?: boolean;
    /** Whether mending makes it whole again; else it has to be pushed anew. */
    mends?: boolean;
    /** A catalog does not look at it. */
    unseen?: boolean;
}

const KINDS: Kind[] = [
    { name: "revision-empty", harm: (f) => `: > ${f.revision}`, file: "revision", whole: true, mends: true },
    {
        name: "revision-cut",
        harm: (f) => `printf sha256:12 > ${f.revision}`,
        file: "revision",
        whole: true,
        mends: true,
    },
    {
        name: "revision-zeros",
        harm: (f) => `dd if=/dev/zero of=${f.revision} bs=71 count=1 2> /dev/null`,
        file: "revision",
        whole: true,
        mends: true,
    },
    {
        name: "layer-link-empty",
        harm: (f) => `: > ${f.layerLink}`,
        file: "layerLink",
        whole: true,
        mends: true,
        unseen: true,
    },
    { name: "tag-empty", harm: (f) => `: > ${f.current}`, file: "current", mends: true },
    { name: "manifest-empty", harm: (f) => `: > ${f.manifest}`, file: "manifest" },
    {
        name: "manifest-cut",
        harm: (f) => `head -c 50 ${f.manifest} > /dev/shm/m; cat /dev/shm/m > ${f.manifest}`,
        file: "manifest",
    },
    { name: "manifest-missing", harm: (f) => `rm ${f.manifest}`, file: "revision" },
    { name: "nothing-left", harm: (f) => `: > ${f.revision}; rm ${f.manifest}`, file: "revision" },
    { name: "layer-empty", harm: (f) => `: > ${f.layer}`, file: "layer", unseen: true },
    { name: "layer-missing", harm: (f) => `rm ${f.layer}`, file: "layerLink", unseen: true },
];

/** Kinds that one collection meets: it names ten places, and counts what is more. */
const AT_ONCE = LONG ? 1 : 4;
const TOGETHER = KINDS.flatMap((_, i) => (i % AT_ONCE === 0 ? [KINDS.slice(i, i + AT_ONCE)] : [])).map(
    (kinds) => [kinds.map(({ name }) => name).join(", "), kinds] as const,
);

describe("a damaged storage", () => {
    const use = cleanup();
    let stack: Stack;
    let client: RegistryClient;
    let ca: string;

    const gc = (...flags: string[]): Promise<Result> => collect(stack, ...flags).done;
    const npm = (name: string, ...flags: string[]): Promise<Result> => command(stack, name, ...flags).done;
    const inStore = (script: string) =>
        docker("exec", stack.prefix, "/bin/sh", "-c", `cd ${STORE} && ${script}`);
    const there = async (path: string) =>
        (await inStore(`[ -s ${path} ] && echo yes || echo no`)).trim() === "yes";

    async function push(repository: string, tag: string, { config, layer, manifest }: Image): Promise<void> {
        for (const bytes of [config, layer])
            // As clients do: what is there is not sent again.
            if (
                (await client.ask(`/v2/${repository}/blobs/${sha256(bytes)}`, { method: "HEAD" })).status !==
                200
            )
                await client.upload(
                    repository,
                    (async function* () {
                        yield bytes;
                    })(),
                );
        const headers = { "Content-Type": ACCEPT };
        const { status } = await client.ask(`/v2/${repository}/manifests/${tag}`, {
            method: "PUT",
            headers,
            body: manifest,
        });
        expect(status).toBe(201);
    }

    /** As after the power is back: nothing is remembered. */
    async function restart(): Promise<void> {
        client.close();
        await docker("restart", stack.prefix);
        client = new RegistryClient(stack.port, ca);
        await until("the registry", async () =>
            (await client.ask("/v2/").catch(() => undefined))?.status === 200 ? true : undefined,
        );
    }

    const reconnect = () => {
        client.close();
        client = new RegistryClient(stack.port, ca);
    };

    /** An image that nobody has any more. */
    async function garbage(): Promise<void> {
        const { digest } = await pushImage(client, "team/gone", "gone");
        await client.ask(`/v2/team/gone/manifests/${digest}`, { method: "DELETE" });
    }

    beforeAll(async () => {
        stack = use(await Stack.create("damaged", { settings: ADMIN }));
        await stack.up();
        ca = await stack.output("caCertificatePem");
        client = new RegistryClient(stack.port, ca);
        use({ dispose: async () => client.close() });
        await pushImage(client, "team/good", "1");
    });

    test.each(TOGETHER)("gc collects the rest, and loses nothing: %s", async (_names, kinds) => {
        const made = kinds.map((kind) => {
            const [repository, one] = [`gc/${kind.name}`, image()];
            return { kind, repository, one, paths: files(repository, "1", one) };
        });
        for (const { repository, one } of made) await push(repository, "1", one);
        await garbage();
        for (const { kind, paths } of made) await inStore(kind.harm(paths));
        await restart();
        const { code, screen, stdout } = await gc();
        reconnect();
        for (const { kind, repository, paths } of made)
            expect(screen).toMatch(new RegExp(`${repository}.*${paths[kind.file]}`));
        expect(screen).toMatch(WAY_OUT);
        expect(screen).not.toMatch(/^\s+at /m);
        expect(code).toBe(0);
        expect(stdout).toMatch(/^Removed ([3-9]|\d\d+) blobs /);
        expect(await missing(client, "team/good", "1")).toEqual([]);
        for (const { kind, repository, paths } of made) {
            // What is whole in its files stays, whether the image can be read or not.
            if (!kind.name.startsWith("layer-"))
                expect([kind.name, await there(paths.layer)]).toEqual([kind.name, true]);
            if (kind.whole)
                expect([kind.name, await missing(client, repository, "1")]).toEqual([kind.name, []]);
        }
        expect(await inStore("find . -name of-a-collection")).toBe("");
        expect((await npm("doctor", "--store", "--mend", "--yes")).code).toBe(0);
    });

    test("catalog lists the rest, and names repository, file and the way out; the doctor finds and mends all of it", async () => {
        const made = KINDS.map((kind) => ({ kind, one: image(), repository: `all/${kind.name}` }));
        for (const { one, repository } of made) await push(repository, "1", one);
        for (const { kind, one, repository } of made) await inStore(kind.harm(files(repository, "1", one)));
        await restart();

        const catalog = await npm("catalog");
        expect(catalog.stdout).toMatch(/^team\/good:1 /m);
        expect(catalog.screen).not.toMatch(/^\s+at /m);
        expect(catalog.code).toBe(1);
        expect(catalog.screen).toMatch(WAY_OUT);
        for (const { repository } of made.filter(({ kind }) => !kind.unseen)) {
            expect(catalog.screen).toMatch(new RegExp(`^  ${repository}:1: `, "m"));
        }

        const seen = await npm("doctor", "--store");
        for (const { kind, one, repository } of made) {
            const { [kind.file]: file } = files(repository, "1", one);
            expect(seen.stdout).toMatch(new RegExp(`^failure  store: ${repository}\\S*: ${file}: `, "m"));
        }
        expect(seen.stdout).not.toContain("team/good");
        expect(seen.code).toBe(2);

        const asked = await npm("doctor", "--store", "--mend");
        expect(asked.screen).toMatch(
            /Nothing was changed\. To write \d+ links anew, remove \d+ links .* --mend --yes/,
        );
        expect(asked.code).toBe(1);
        expect((await npm("doctor", "--store")).stdout).toBe(seen.stdout);

        const blobs = () => inStore("find blobs -type f | wc -l");
        const before = await blobs();
        const mended = await npm("doctor", "--store", "--mend", "--yes");
        expect(mended.screen).toMatch(/Mended: \d+ places/);
        expect(mended.code).toBe(0);
        expect(await blobs()).toBe(before);
        expect((await npm("doctor", "--store")).code).toBe(0);
        reconnect();
        for (const { kind, repository } of made.filter(({ kind }) => kind.mends)) {
            expect([kind.name, await missing(client, repository, "1")]).toEqual([kind.name, []]);
        }
        // A damaged blob is not taken for present any more: the same image can be pushed again.
        for (const { kind, one, repository } of made) {
            await push(repository, "1", one);
            expect([kind.name, await missing(client, repository, "1")]).toEqual([kind.name, []]);
            const layer = await client.ask(`/v2/${repository}/blobs/${sha256(one.layer)}`, {
                method: "HEAD",
            });
            expect(layer.headers["content-length"]).toBe(String(one.layer.length));
        }
        expect((await npm("catalog")).code).toBe(0);
    });

    test("--dry-run and --untagged do not guess at a damaged storage, and change nothing", async () => {
        const one = image();
        const { current, revision } = files("team/tagged", "1", one);
        await push("team/tagged", "1", one);
        await inStore(`: > ${current}`);
        await restart();
        const untagged = await gc("--untagged");
        expect(untagged.screen).toMatch(
            /^--untagged is refused: .*npm run doctor -- --stack \S+ --config-file \S+ --store --mend$/m,
        );
        expect(untagged.screen).not.toContain("Pushes are refused");
        expect(untagged.code).toBe(1);
        await inStore(`: > ${revision}`);
        const dry = await gc("--dry-run");
        expect(dry.screen).toMatch(
            /^What a collection would remove cannot be told\..*doctor -- --stack \S+ --config-file \S+ --store --mend$/m,
        );
        expect(dry.code).toBe(1);
        expect(await there(revision)).toBe(false);
        expect((await npm("doctor", "--store", "--mend", "--yes")).code).toBe(0);
        reconnect();
        expect(await missing(client, "team/tagged", "1")).toEqual([]);
        expect((await gc("--untagged")).code).toBe(0);
        reconnect();
        expect(await missing(client, "team/tagged", "1")).toEqual([]);
    });

    test("uploads that nobody went on with for an hour give their space back; younger ones stay", async () => {
        for (let i = 0; i < 2; i++) {
            const begun = await client.ask("/v2/team/good/blobs/uploads/", { method: "POST" });
            await client.ask(begun.headers.location ?? "", {
                method: "PATCH",
                headers: { "Content-Type": "application/octet-stream" },
                body: randomBytes(3_000_000),
            });
            if (i === 0)
                await inStore(`find repositories/team/good/_uploads -type f -exec touch -d @1000000000 {} +`);
        }
        const doctor = await npm("doctor");
        expect(doctor.stdout).toMatch(
            /^warning {2}uploads: 1 unfinished upload older than an hour, 3\.0 MB → npm run gc/m,
        );
        const { code, screen, stdout } = await gc();
        expect(screen).toMatch(/^Removed 1 unfinished uploads? older than an hour, 3\.0 MB\.$/m);
        expect(stdout).toMatch(/^Removed \d+ blobs and 0 manifests, [3-9](\.\d+)? MB; /);
        expect(code).toBe(0);
        reconnect();
        expect((await inStore("find repositories/team/good/_uploads -name data | wc -l")).trim()).toBe("1");
        expect((await npm("doctor")).stdout).toMatch(/^ok +uploads: 1 unfinished upload, none older/m);
    });

    test("emptied repositories and the doctor's own are in no catalog, and the doctor leaves no folder", async () => {
        await garbage();
        expect((await npm("doctor")).code).toBeLessThan(2);
        const { stdout, code } = await npm("catalog");
        expect(stdout).not.toMatch(/team\/gone|private-registry-doctor|no tags/);
        expect(code).toBe(0);
        const { body } = await client.ask("/v2/_catalog?n=1000");
        expect(body).not.toContain("private-registry-doctor");
        expect((await npm("catalog", "--all")).stdout).toMatch(/^team\/gone +no tags/m);
    });
});
