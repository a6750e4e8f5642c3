import { createReadStream, existsSync, statSync } from "node:fs";
import type { Endpoint } from "../engine/endpoint";
import { callEngine, refusal } from "../engine/http";
import { SetupError, messageOf } from "./errors";
import { sameImage } from "../address/image-name";
import { say, withProgress } from "./progress";
import { readTar } from "../engine/tar";

/** The image names in a tarball of `docker save`, `skopeo copy … docker-archive:` or an OCI layout. */
export async function tagsOf(file: string): Promise<string[]> {
    const files = await readTar(createReadStream(file), (path) => /^(manifest|index)\.json$/.test(path));
    const json = (path: string, none: string) => files.get(path)?.toString("utf8") ?? none;
    const manifest = JSON.parse(json("manifest.json", "[]")) as { RepoTags?: string[] | null }[];
    const tags = manifest.flatMap((image) => image.RepoTags ?? []);
    if (tags.length > 0) return tags;
    const index = JSON.parse(json("index.json", "{}")) as {
        manifests?: { annotations?: Record<string, string> }[];
    };
    const names = (index.manifests ?? []).map(
        ({ annotations = {} }) =>
            annotations["io.containerd.image.name"] ?? annotations["org.opencontainers.image.ref.name"],
    );
    return names.filter((name) => name !== undefined);
}

/** @throws SetupError where it is there and no plain file: a device or a pipe would be read for ever */
function plainFile(file: string): void {
    if (existsSync(file) && !statSync(file).isFile())
        throw new SetupError(
            `private-registry:imageTarball names ${file}, which is no plain file: name one that \`docker save -o FILE IMAGE\` made ` +
                "with `pulumi config set imageTarball FILE`, or `pulumi config rm imageTarball`.",
        );
}

/** Whether a tarball has the image; true where it cannot be read, so that loading it tells why. */
export async function tarballHas(image: string, file: string): Promise<boolean> {
    plainFile(file);
    try {
        return (await tagsOf(file)).some((tag) => sameImage(tag, image));
    } catch {
        return true;
    }
}

/** Loads all images of a tarball. */
export async function loadImages(engine: Endpoint, file: string): Promise<void> {
    const answer = await withProgress("loading the images", () =>
        callEngine(engine, {
            method: "POST",
            path: "/images/load?quiet=1",
            headers: { "Content-Type": "application/x-tar" },
            body: createReadStream(file),
            idleMs: 300_000,
        }),
    );
    const failed = answer.status !== 200 || /"error":/.test(answer.body);
    if (failed) throw new SetupError(`The Docker Engine does not load ${file}: ${refusal(answer)}`);
}

/** Loads the image from a tarball that must contain it. */
export async function loadTarball(engine: Endpoint, image: string, file: string): Promise<void> {
    if (!existsSync(file)) {
        throw new SetupError(
            `private-registry:imageTarball names ${file}, which does not exist: make it elsewhere with ` +
                `\`docker pull ${image} && docker save -o FILE ${image}\`.`,
        );
    }
    plainFile(file);
    let tags: string[];
    try {
        tags = await tagsOf(file);
    } catch (error) {
        throw new SetupError(
            `${file} is no image tarball (${messageOf(error)}): make one with \`docker save -o FILE ${image}\`.`,
        );
    }
    if (!tags.some((tag) => sameImage(tag, image))) {
        const has = tags.length > 0 ? `has ${tags.join(", ")}` : "names no image";
        throw new SetupError(
            `${file} does not have ${image}, it ${has}: save the right one with \`docker save -o FILE ${image}\`, ` +
                "or set `image` to what it has.",
        );
    }
    say(`Loading ${image} from ${file} …`);
    await loadImages(engine, file);
}
