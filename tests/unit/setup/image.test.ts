import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { NEXUS_IMAGE } from "../../../components/nexus/plan";
import { type ImageEffects, provideImage } from "../../../setup/image";
import { REGISTRY, rootFiles } from "../../../setup/image-build";
import { packageEntries } from "../../../setup/image-debian";
import { parseImage, sameImage } from "../../../address/image-name";
import { type ImageNeed, neededImages } from "../../../setup/image-needs";
import { loadTarball, tagsOf, tarballHas } from "../../../setup/image-tarball";
import type { EarlySettings } from "../../../setup/stack";
import { readTar, tar } from "../../../engine/tar";
import { machineIn, temporaryFolder } from "./fixture";
import {
    DEFAULT_ACME_IMAGE,
    DEFAULT_CACHE_IMAGE,
    DEFAULT_FRONT_IMAGE,
    DEFAULT_IMAGE,
} from "../../../address/default-images";

const folder = temporaryFolder();
beforeEach(() => jest.spyOn(process.stderr, "write").mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

type Fake = ImageEffects & { build: jest.Mock<Promise<void>> };

function effects(present: boolean, pullRefused?: string): Fake {
    let there = present;
    return {
        find: jest.fn(() => Promise.resolve(there ? "source" : undefined)),
        pull: jest.fn(() => {
            there = pullRefused === undefined;
            return Promise.resolve(pullRefused);
        }),
        load: jest.fn(() => Promise.resolve(void (there = true))),
        has: jest.fn((_image: string, tarball: string) => Promise.resolve(tarball.includes("nginx"))),
        build: jest.fn(() => Promise.resolve(void (there = true))),
    };
}

/** The registry's image, and the front's. */
const registry = (fake: Fake, image = DEFAULT_IMAGE): ImageNeed => ({
    title: "Registry image",
    key: "image",
    image,
    fallback: DEFAULT_IMAGE,
    build: image === DEFAULT_IMAGE ? fake.build : undefined,
});
const front = (fake: Fake): ImageNeed => ({
    ...registry(fake),
    title: "Front image",
    key: "front.image",
    image: DEFAULT_FRONT_IMAGE,
});

describe("provideImage", () => {
    test("leaves an image that is there", async () => {
        const fake = effects(true);
        expect(await provideImage(registry(fake), {}, fake)).toBe("source");
        expect(fake.pull).not.toHaveBeenCalled();
    });

    test("pulls, through the mirror that is configured", async () => {
        const fake = effects(false);
        await provideImage(registry(fake), { imageMirror: "mirror.example.test" }, fake);
        expect(fake.pull).toHaveBeenCalledWith(DEFAULT_IMAGE, "mirror.example.test");
        expect(fake.build).not.toHaveBeenCalled();
    });

    test("loads the tarball where it cannot pull", async () => {
        const fake = effects(false, "no such host");
        await provideImage(registry(fake), { imageTarball: "/a.tar" }, fake);
        expect(fake.load).toHaveBeenCalledWith(DEFAULT_IMAGE, "/a.tar");
        expect(fake.build).not.toHaveBeenCalled();
    });

    test("builds only the default image", async () => {
        const fake = effects(false, "no such host");
        await provideImage(registry(fake), {}, fake);
        expect(fake.build).toHaveBeenCalled();
        const other = effects(false, "no such host");
        await expect(provideImage(registry(other, "registry:2.8"), {}, other)).rejects.toThrow(
            /registry:2\.8.*no such host.*imageMirror.*imageTarball/s,
        );
        expect(other.build).not.toHaveBeenCalled();
    });

    test("where an image is built nowhere, one sentence names what to do", async () => {
        const nexus = (image: string) => ({
            title: "Nexus image",
            key: "nexus.image",
            image,
            fallback: NEXUS_IMAGE,
        });
        const fake = effects(false, "no such host");
        // The tarball is there for the registry, and does not have it.
        await expect(
            provideImage(nexus(NEXUS_IMAGE), { imageTarball: "/registry.tar" }, fake),
        ).rejects.toThrow(
            `The image ${NEXUS_IMAGE} is not in the Docker Engine and cannot be pulled (no such host): name a mirror with ` +
                "`pulumi config set imageMirror HOST`, or a file made by `docker save`, which may hold several images, with " +
                "`pulumi config set imageTarball FILE`, or another image with `pulumi config set --path nexus.image IMAGE`.",
        );
        expect(fake.load).not.toHaveBeenCalled();
        await expect(provideImage(nexus("nexus:x"), {}, fake)).rejects.toThrow(
            `or remove \`nexus.image\` to use ${NEXUS_IMAGE}.`,
        );
        const loaded = effects(false, "no such host");
        await provideImage(nexus(NEXUS_IMAGE), { imageTarball: "/nginx-and-nexus.tar" }, loaded);
        expect(loaded.load).toHaveBeenCalledWith(NEXUS_IMAGE, "/nginx-and-nexus.tar");
    });

    test("takes a further image from the tarball where that has it, else builds it", async () => {
        const loaded = effects(false, "no such host");
        await provideImage(front(loaded), { imageTarball: "/registry-and-nginx.tar" }, loaded);
        expect(loaded.load).toHaveBeenCalledWith(DEFAULT_FRONT_IMAGE, "/registry-and-nginx.tar");
        const built = effects(false, "no such host");
        await provideImage(front(built), { imageTarball: "/registry.tar" }, built);
        expect(built.load).not.toHaveBeenCalled();
        expect(built.build).toHaveBeenCalled();
    });
});

test("a stack needs the images that its configuration asks for", () => {
    const images = (settings: EarlySettings) =>
        neededImages(machineIn(folder.path), { url: "unix:///nowhere", source: "test" }, settings).map(
            ({ image, build }) => [image, build !== undefined],
        );
    expect(images({})).toEqual([[DEFAULT_IMAGE, true]]);
    expect(images({ front: true })).toEqual([
        [DEFAULT_IMAGE, true],
        [DEFAULT_FRONT_IMAGE, true],
    ]);
    expect(images({ cache: true })).toEqual([
        [DEFAULT_IMAGE, true],
        [DEFAULT_CACHE_IMAGE, true],
    ]);
    expect(images({ cache: true, cacheImage: "redis:8" })[1]).toEqual(["redis:8", false]);
    expect(images({ nexus: true })[1]).toEqual([NEXUS_IMAGE, false]);
    expect(images({ nexus: true, nexusImage: "nexus:x" })[1]).toEqual(["nexus:x", false]);
    expect(images({ nexus: false, nexusImage: "nexus:x" })).toHaveLength(1);
    expect(images({ acme: true })[1]).toEqual([DEFAULT_ACME_IMAGE, true]);
    expect(images({ acme: true, acmeImage: "lego:x" })[1]).toEqual(["lego:x", false]);
    expect(images({ front: true, frontImage: "nginx:1.29-alpine" })[1]).toEqual(["nginx:1.29-alpine", false]);
});

test("the files of a Debian package lie where today's Debian has them, without its documentation", () => {
    const root = join(folder.path, "package");
    const files = ["lib/x86_64-linux-gnu/libc.so.6", "usr/share/doc/libc6/copyright", "etc/nginx/mime.types"];
    for (const file of files) {
        mkdirSync(dirname(join(root, file)), { recursive: true });
        writeFileSync(join(root, file), file);
    }
    symlinkSync("libc.so.6", join(root, "lib/x86_64-linux-gnu/libc.so"));
    const entries = packageEntries(root);
    expect(entries.map(({ path }) => path)).toEqual([
        "etc/",
        "etc/nginx/",
        "etc/nginx/mime.types",
        "usr/lib/",
        "usr/lib/x86_64-linux-gnu/",
        "usr/lib/x86_64-linux-gnu/libc.so",
        "usr/lib/x86_64-linux-gnu/libc.so.6",
        "usr/",
        "usr/share/",
    ]);
    expect(entries.find(({ link }) => link)).toMatchObject({ link: "libc.so.6" });
});

test.each([
    ["registry", "docker.io", "library/registry", "latest"],
    ["registry:3.1.2", "docker.io", "library/registry", "3.1.2"],
    ["me/registry:3", "docker.io", "me/registry", "3"],
    ["docker.io/library/registry:3", "docker.io", "library/registry", "3"],
    ["localhost:5000/a/b", "localhost:5000", "a/b", "latest"],
    ["ghcr.io/a/b@sha256:00", "ghcr.io", "a/b", "sha256:00"],
])("parseImage %s", (image, host, path, tag) => expect(parseImage(image)).toMatchObject({ host, path, tag }));

describe("tarballs", () => {
    const manifest = (tags: string[]) => Buffer.from(JSON.stringify([{ RepoTags: tags }]));
    const layer = { path: "layer.tar", mode: 0o644, content: Buffer.alloc(200_000, 1) };
    const archive = (tags: string[]) =>
        tar([layer, { path: "manifest.json", mode: 0o644, content: manifest(tags) }]);

    test.each([
        ["plain", (data: Buffer) => data],
        ["gzip", gzipSync],
    ])("names are read from a %s one, past large layers", async (_kind, pack) => {
        const file = join(folder.path, "image.tar");
        writeFileSync(file, pack(await archive(["docker.io/library/registry:3.1.2"])));
        expect(await tagsOf(file)).toEqual(["docker.io/library/registry:3.1.2"]);
        expect(sameImage("docker.io/library/registry:3.1.2", "registry:3.1.2")).toBe(true);
    });

    test("one without the image is refused with what it has", async () => {
        const file = join(folder.path, "image.tar");
        writeFileSync(file, await archive(["nginx:1", "redis:7"]));
        const engine = { url: "unix:///nowhere", source: "test" };
        await expect(loadTarball(engine, "registry:3.1.2", file)).rejects.toThrow(/it has nginx:1, redis:7/);
        await expect(loadTarball(engine, "registry:3.1.2", "/no/file")).rejects.toThrow(/does not exist/);
    });

    test("a device, which would be read for ever, is refused", async () => {
        const engine = { url: "unix:///nowhere", source: "test" };
        const told = /\/dev\/zero, which is no plain file: .*pulumi config rm imageTarball/;
        await expect(loadTarball(engine, "registry:3.1.2", "/dev/zero")).rejects.toThrow(told);
        await expect(tarballHas("nginx:1.30", "/dev/zero")).rejects.toThrow(told);
    });

    test("something else is refused", async () => {
        const file = join(folder.path, "image.tar");
        writeFileSync(file, "no tarball");
        const engine = { url: "unix:///nowhere", source: "test" };
        await expect(loadTarball(engine, "registry:3.1.2", file)).rejects.toThrow(/names no image/);
    });
});

test("the image's root file system has the official paths and is read back by tar", async () => {
    const archive = await tar(rootFiles(REGISTRY, Buffer.from("R"), Buffer.from("B"), Buffer.from("C")));
    const paths = [
        "bin/registry",
        "bin/busybox",
        "etc/distribution/config.yml",
        "etc/ssl/certs/ca-certificates.crt",
    ];
    const found = await readTar(archive, (path) => paths.includes(path));
    expect([...found.keys()].sort()).toEqual([...paths].sort());
    expect(String(found.get("bin/registry"))).toBe("R");
});
