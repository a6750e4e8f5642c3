import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { writeFileSync } from "node:fs";
import { DEFAULT_IMAGE } from "../../../config/defaults";
import { type ImageEffects, provideImage } from "../../../setup/image";
import { rootFiles } from "../../../setup/image-build";
import { parseImage, sameImage } from "../../../setup/image-name";
import { registryAuth } from "../../../setup/image-pull";
import { loadTarball, tagsOf } from "../../../setup/image-tarball";
import { readFromTar, tar } from "../../../setup/tar";
import { machineIn, put, temporaryFolder } from "./fixture";

const folder = temporaryFolder();
beforeEach(() => jest.spyOn(process.stderr, "write").mockReturnValue(true));
afterEach(() => jest.restoreAllMocks());

function effects(present: boolean, pullRefused?: string): ImageEffects {
    let there = present;
    return {
        find: jest.fn(() => Promise.resolve(there ? "source" : undefined)),
        pull: jest.fn(() => {
            there = pullRefused === undefined;
            return Promise.resolve(pullRefused);
        }),
        load: jest.fn(() => Promise.resolve(void (there = true))),
        build: jest.fn(() => Promise.resolve(void (there = true))),
    };
}

describe("provideImage", () => {
    test("leaves an image that is there", async () => {
        const fake = effects(true);
        expect(await provideImage({}, fake)).toBe("source");
        expect(fake.pull).not.toHaveBeenCalled();
    });

    test("pulls, through the mirror that is configured", async () => {
        const fake = effects(false);
        await provideImage({ imageMirror: "mirror.example.test" }, fake);
        expect(fake.pull).toHaveBeenCalledWith(DEFAULT_IMAGE, "mirror.example.test");
        expect(fake.build).not.toHaveBeenCalled();
    });

    test("loads the tarball where it cannot pull", async () => {
        const fake = effects(false, "no such host");
        await provideImage({ imageTarball: "/a.tar" }, fake);
        expect(fake.load).toHaveBeenCalledWith(DEFAULT_IMAGE, "/a.tar");
        expect(fake.build).not.toHaveBeenCalled();
    });

    test("builds only the default image", async () => {
        const fake = effects(false, "no such host");
        await provideImage({}, fake);
        expect(fake.build).toHaveBeenCalledWith(DEFAULT_IMAGE);
        const other = effects(false, "no such host");
        await expect(provideImage({ image: "registry:2.8" }, other)).rejects.toThrow(
            /registry:2\.8.*no such host.*imageMirror.*imageTarball/s,
        );
        expect(other.build).not.toHaveBeenCalled();
    });
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
        writeFileSync(file, pack(archive(["docker.io/library/registry:3.1.2"])));
        expect(await tagsOf(file)).toEqual(["docker.io/library/registry:3.1.2"]);
        expect(sameImage("docker.io/library/registry:3.1.2", "registry:3.1.2")).toBe(true);
    });

    test("one without the image is refused with what it has", async () => {
        const file = join(folder.path, "image.tar");
        writeFileSync(file, archive(["nginx:1", "redis:7"]));
        const engine = { url: "unix:///nowhere", source: "test" };
        await expect(loadTarball(engine, "registry:3.1.2", file)).rejects.toThrow(/it has nginx:1, redis:7/);
        await expect(loadTarball(engine, "registry:3.1.2", "/no/file")).rejects.toThrow(/does not exist/);
    });

    test("something else is refused", async () => {
        const file = join(folder.path, "image.tar");
        writeFileSync(file, "no tarball");
        const engine = { url: "unix:///nowhere", source: "test" };
        await expect(loadTarball(engine, "registry:3.1.2", file)).rejects.toThrow(/names no image/);
    });
});

test("the image's root file system has the official paths and is read back by tar", async () => {
    const file = join(folder.path, "root.tar");
    writeFileSync(file, tar(rootFiles(Buffer.from("R"), Buffer.from("B"), Buffer.from("C"))));
    const paths = [
        "bin/registry",
        "bin/busybox",
        "etc/distribution/config.yml",
        "etc/ssl/certs/ca-certificates.crt",
    ];
    const found = await readFromTar(file, paths);
    expect([...found.keys()].sort()).toEqual([...paths].sort());
    expect(found.get("bin/registry")).toBe("R");
});

test("registryAuth passes on the user's login", () => {
    const auth = Buffer.from("me:pass:word").toString("base64");
    put(join(folder.path, ".docker/config.json"), { auths: { "mirror.example.test": { auth } } });
    const header = registryAuth(machineIn(folder.path), "mirror.example.test");
    expect(JSON.parse(Buffer.from(header ?? "", "base64url").toString())).toEqual({
        username: "me",
        password: "pass:word",
        serveraddress: "mirror.example.test",
    });
    expect(registryAuth(machineIn(folder.path), "docker.io")).toBeUndefined();
});
