/** Images in which other versions run, made of what the Engine and Debian have. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { aptGet } from "../../setup/debian";
import { tar } from "../../engine/tar";

import { docker } from "./docker";
import { REGISTRY_IMAGE } from "./images";
import { must, run } from "./run";

/**
 * An image like another one.
 *
 * @param of.files path → what is there in place of the other one's
 * @param of.script run in it first, by its shell
 * @param of.changes lines of a Dockerfile
 */
export async function imageLike(
    other: string,
    image: string,
    {
        files = {},
        script = ":",
        changes = [],
    }: { files?: Record<string, Buffer>; script?: string; changes?: string[] } = {},
): Promise<void> {
    const name = `e2e-image-${randomBytes(4).toString("hex")}`;
    const { Entrypoint, Cmd } = JSON.parse(
        await docker("image", "inspect", "--format", "{{json .Config}}", other),
    ) as { Entrypoint: string[] | null; Cmd: string[] | null };
    try {
        await docker(
            ...["run", "--name", name, "--network", "none"],
            ...["--entrypoint", "/bin/sh", other, "-ec", script],
        );
        const folders = Object.keys(files).flatMap((path) => {
            const parts = dirname(path).slice(1).split("/");
            return parts.map((_, i) => `${parts.slice(0, i + 1).join("/")}/`);
        });
        const archive = await tar([
            ...[...new Set(folders)].map((path) => ({ path, mode: 0o755 })),
            ...Object.entries(files).map(([path, content]) => ({
                path: path.slice(1),
                mode: 0o755,
                content,
            })),
        ]);
        await must("docker", ["cp", "-", `${name}:/`], { input: archive });
        const all = [
            `ENTRYPOINT ${JSON.stringify(Entrypoint ?? [])}`,
            `CMD ${JSON.stringify(Cmd ?? [])}`,
            `LABEL e2e=${name}`,
            ...changes,
        ];
        await docker("commit", ...all.flatMap((line) => ["--change", line]), name, image);
    } finally {
        await docker("rm", "--force", "--volumes", name);
    }
}

/** Debian's registry 2.8.2, with the shell that the kit's own image has. */
export async function imageOf28(image: string): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-28-"));
    try {
        const deb = join(folder, "deb");
        mkdirSync(deb);
        await aptGet("fetching docker-registry", ["download", "docker-registry"], deb);
        const file = join(deb, readdirSync(deb)[0] ?? "");
        await must("dpkg-deb", ["--extract", file, join(folder, "package")]);
        const program = join(folder, "package", "usr", "bin", "docker-registry");
        const { stdout } = await run("ldd", [program]);
        const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
        await imageLike(REGISTRY_IMAGE, image, {
            files: {
                "/bin/registry": readFileSync(program),
                ...Object.fromEntries(libraries.map((path) => [path, readFileSync(path)])),
            },
            changes: ['CMD ["serve","/etc/docker/registry/config.yml"]'],
        });
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/**
 * A registry that ends in certain cases, with a word as the registry itself has it.
 *
 * @param when a condition of the shell
 */
export const imageThatFails = (image: string, when: string): Promise<void> => {
    const said = 'time="2026-01-01T00:00:00Z" level=fatal msg="configuration error: the moon is full"';
    const program = [
        "#!/bin/sh",
        `if [ "$1" = serve ] && ${when}; then echo '${said}' >&2; exit 1; fi`,
        'exec /bin/registry.real "$@"',
    ].join("\n");
    return imageLike(REGISTRY_IMAGE, image, {
        script: "mv /bin/registry /bin/registry.real",
        files: { "/bin/registry": Buffer.from(`${program}\n`) },
    });
};

/** Takes images of a test away. */
export async function removeImages(repository: string): Promise<void> {
    const listed = await docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}");
    const own = listed.split("\n").filter((name) => name.startsWith(repository));
    if (own.length > 0) await run("docker", ["rmi", "--force", ...own]);
}
