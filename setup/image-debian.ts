/** Images made of Debian packages, for where the official ones cannot be had. */
import { lstatSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SOURCE_LABEL, standInName } from "./stand-ins";
import { aptGet, isDebian, readOsRelease } from "./debian";
import type { Endpoint } from "../engine/endpoint";
import { SetupError } from "./errors";
import { importImage, linuxArch } from "./image-import";
import type { Machine } from "./machine";
import { say } from "./progress";
import { mustRun, run } from "./run";
import { type TarEntry, tar } from "../engine/tar";

export interface DebianImage {
    /** Packages whose files the image has; the libraries that they need come along by themselves. */
    packages: string[];
    /** The package whose version the image tells. */
    main: string;
    /** Further folders, for instance those on which a tmpfs is mounted. */
    folders?: string[];
    /** Lines of a Dockerfile: ENTRYPOINT, CMD, EXPOSE. */
    changes: string[];
}

/** What scripts in these images may call, from Debian's static busybox. */
const APPLETS =
    "sh base64 cat chmod cp cut date du find grep kill ls mkdir mv nc ps rm rmdir sha256sum sleep sort stat wc wget xargs".split(
        " ",
    );

/** Folders that today's Debian has as links into usr. Packages of Debian 12 still bring some as folders. */
const MERGED = ["bin", "sbin", "lib", "lib64"];

const LEFT_OUT = /^(usr\/share\/(doc|man|locale|lintian|bug|info|bash-completion|vim)|var\/lib\/dpkg)(\/|$)/;

/** Where a path of a package lies in the image. */
const merged = (path: string): string => (MERGED.includes(path.split("/")[0] ?? "") ? `usr/${path}` : path);

/** The entries of an unpacked package, folders before what is in them. */
export function packageEntries(root: string, folder = ""): TarEntry[] {
    return readdirSync(join(root, folder))
        .sort()
        .flatMap((name): TarEntry[] => {
            const path = folder === "" ? name : `${folder}/${name}`;
            if (LEFT_OUT.test(path)) return [];
            const file = join(root, path);
            const stat = lstatSync(file);
            const [target, mode] = [merged(path), stat.mode & 0o7777];
            if (stat.isSymbolicLink()) return [{ path: target, mode: 0o777, link: readlinkSync(file) }];
            if (stat.isFile()) return [{ path: target, mode, content: readFileSync(file) }];
            if (!stat.isDirectory()) return [];
            return [{ path: `${target}/`, mode }, ...packageEntries(root, path)];
        });
}

/** What no package brings: the links into usr, the shell, the users, folders to write into. */
function baseEntries(folders: string[]): TarEntry[] {
    const text = (path: string, content: string): TarEntry => ({
        path,
        mode: 0o644,
        content: Buffer.from(content),
    });
    return [
        ...[
            "usr",
            "usr/bin",
            "usr/sbin",
            "usr/lib",
            "usr/lib64",
            "etc",
            "run",
            "var",
            "var/lib",
            ...folders,
        ].map((path) => ({ path: `${path}/`, mode: 0o755 })),
        { path: "tmp/", mode: 0o1777 },
        ...MERGED.map((name) => ({ path: name, mode: 0o777, link: `usr/${name}` })),
        ...APPLETS.map((name) => ({ path: `usr/bin/${name}`, mode: 0o777, link: "busybox" })),
        text("etc/passwd", "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
        text("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
        text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    ];
}

/** The authorities that everyone trusts, in the one file that programs read; else the package's installation makes it. */
function authorities(entries: readonly TarEntry[]): TarEntry[] {
    const certificates = entries.flatMap(({ path, content }) =>
        content && /^usr\/share\/ca-certificates\/.*\.crt$/.test(path) ? [content] : [],
    );
    if (certificates.length === 0) return [];
    const [path, content] = ["etc/ssl/certs/ca-certificates.crt", Buffer.concat(certificates)];
    return [{ path, mode: 0o644, content }];
}

/** Whether packages for an engine's processor can be had on this machine; else why not, as the end of a sentence. */
export async function debianProblem(machine: Machine, arch: string): Promise<string | undefined> {
    if (machine.platform !== "linux" || !isDebian(readOsRelease()))
        return "its parts are Debian packages, and this machine is no Debian or Ubuntu";
    const { stdout } = await mustRun(
        "dpkg",
        ["--print-architecture"],
        "Debian's own architecture is not known.",
    );
    if (stdout.trim() !== arch)
        return `the Docker Engine is ${arch} and this machine ${stdout.trim()}, so Debian's packages are not at hand for it`;
    return undefined;
}

/** Downloads packages and unpacks each into a folder of its own below `work`. */
export async function unpackPackages(packages: string[], work: string): Promise<Map<string, string>> {
    await aptGet(`downloading ${packages[0] ?? ""}`, ["download", ...packages], work);
    const folders = new Map<string, string>();
    for (const deb of readdirSync(work).filter((name) => name.endsWith(".deb"))) {
        const name = deb.split("_")[0] ?? deb;
        const folder = join(work, name);
        await mustRun("dpkg-deb", ["-x", join(work, deb), folder], `Debian's ${name} cannot be unpacked.`);
        folders.set(name, folder);
    }
    const missing = packages.find((name) => !folders.has(name));
    if (missing !== undefined)
        throw new SetupError(`\`apt-get download ${missing}\` left no file: run \`apt-get update\`.`);
    return folders;
}

/**
 * The packages themselves and the libraries that they need. apt-get works it out for an empty system; what is no
 * library serves the installation alone, which does not take place.
 *
 * @returns package → version
 */
export async function closure(packages: string[]): Promise<Map<string, string>> {
    const plan = ["-s", "-o", "Dir::State::status=/dev/null", "install", "--no-install-recommends"];
    const simulate = () => run("apt-get", [...plan, ...packages], { env: { ...process.env, LC_ALL: "C" } });
    let result = await simulate();
    if (result.code !== 0) {
        await aptGet("reading the package lists", ["update"]);
        result = await simulate();
    }
    const versions = new Map(
        [...result.stdout.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([, name = "", version = ""]) => [
            name,
            version,
        ]),
    );
    const missing = packages.find((name) => !versions.has(name));
    if (missing !== undefined)
        throw new SetupError(`Debian's package ${missing} is not to be had here: ${result.stderr.trim()}`);
    const show = await mustRun(
        "apt-cache",
        ["show", "--no-all-versions", ...versions.keys()],
        "Debian's package lists cannot be read.",
    );
    for (const record of show.stdout.split("\n\n")) {
        const name = /^Package: (\S+)/m.exec(record)?.[1];
        const section = /^Section: (\S+)/m.exec(record)?.[1];
        if (name !== undefined && section !== "libs" && !packages.includes(name)) versions.delete(name);
    }
    return versions;
}

/** Makes an image of Debian packages in the engine, named and labelled as what it is. */
export async function buildDebianImage(
    machine: Machine,
    engine: Endpoint,
    image: string,
    recipe: DebianImage,
): Promise<void> {
    const problem = await debianProblem(machine, await linuxArch(engine));
    if (problem !== undefined) {
        throw new SetupError(
            `The image ${image} cannot be built here, because ${problem}: set ` +
                "`pulumi config set imageMirror HOST`, or load a file with `pulumi config set imageTarball FILE`.",
        );
    }
    const packages = ["busybox-static", ...recipe.packages];
    const versions = await closure(packages);
    const version = versions.get(recipe.main) ?? "";
    const name = standInName(image, version) ?? image;
    say(`Image ${image}: building ${name} from Debian's package ${recipe.main} ${version} instead …`);
    const work = mkdtempSync(join(tmpdir(), "private-registry-image-"));
    try {
        const folders = await unpackPackages([...versions.keys()], work);
        // A path that two packages have, such as usr/, stands there once.
        const brought = [...folders.values()].flatMap((root) => packageEntries(root));
        const entries = new Map(
            [...baseEntries(recipe.folders ?? []), ...brought, ...authorities(brought)].map((entry) => [
                entry.path,
                entry,
            ]),
        );
        await importImage(engine, name, await tar([...entries.values()]), [
            ...recipe.changes,
            "ENV PATH=/usr/sbin:/usr/bin",
            `LABEL org.opencontainers.image.title=${recipe.main} org.opencontainers.image.version="${version}" ` +
                `${SOURCE_LABEL}="Debian package ${recipe.main} ${version} (not the official image)"`,
        ]);
    } finally {
        rmSync(work, { recursive: true, force: true });
    }
}
