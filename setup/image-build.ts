import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SOURCE_LABEL, standInName, versionIn } from "./stand-ins";
import type { Endpoint } from "../engine/endpoint";
import { SetupError } from "./errors";
import { type GoProgram, goBuild } from "./go";
import { debianProblem, unpackPackages } from "./image-debian";
import { importImage, linuxArch } from "./image-import";
import type { Machine } from "./machine";
import { say } from "./progress";
import { acquireLock, makeFolder } from "./start.cjs";
import { type TarEntry, tar } from "../engine/tar";

/** An image of one program that is built from its Go module, with Debian's busybox beside it. */
export interface GoImage {
    /** What it is, for messages: "Registry image". */
    title: string;
    /** @param version without a v */
    program: (version: string) => GoProgram;
    /** Path of the program in the image; the official one has the same. */
    path: string;
    /** Programs of busybox in /bin: what the official image's entrypoint, its health checks and the kit call. */
    applets: string;
    /** Further folders and files. */
    entries: readonly TarEntry[];
    /** Lines of a Dockerfile, and the label with its title. */
    changes: readonly string[];
}

const folder = (path: string, mode = 0o755): TarEntry => ({ path: `${path}/`, mode });
const file = (path: string, content: Buffer, mode: number): TarEntry => ({ path, mode, content });

const CONFIG = `version: 0.1
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
`;

const DISTRIBUTION = "github.com/distribution/distribution/v3";
export const REGISTRY: GoImage = {
    title: "Registry image",
    program: (version) => ({
        name: "the registry",
        module: DISTRIBUTION,
        version: `v${version}`,
        package: `${DISTRIBUTION}/cmd/registry`,
        variables: [`${DISTRIBUTION}/version.version=v${version}`],
        minimumGo: "1.26",
        about: "about 1 minute on 2 cores",
    }),
    path: "bin/registry",
    applets: "sh cat chmod cp ls mkdir mv nc sleep wget",
    entries: [
        folder("etc/distribution"),
        file("etc/distribution/config.yml", Buffer.from(CONFIG), 0o644),
        folder("var"),
        folder("var/lib"),
        folder("var/lib/registry"),
    ],
    changes: [
        'ENTRYPOINT ["/bin/registry"]',
        'CMD ["serve","/etc/distribution/config.yml"]',
        "ENV PATH=/bin OTEL_TRACES_EXPORTER=none",
        "EXPOSE 5000",
        "VOLUME /var/lib/registry",
        "LABEL org.opencontainers.image.title=Distribution",
    ],
};

const REGCLIENT = "github.com/regclient/regclient";
export const REGSYNC: GoImage = {
    title: "Sync image",
    program: (version) => ({
        name: "regsync",
        module: REGCLIENT,
        version: `v${version}`,
        package: `${REGCLIENT}/cmd/regsync`,
        minimumGo: "1.26",
        about: "seconds",
    }),
    path: "usr/local/bin/regsync",
    applets: "sh cat cp mkdir rm",
    entries: [],
    changes: [
        'CMD ["regsync","--help"]',
        "ENV PATH=/usr/local/bin:/bin",
        "LABEL org.opencontainers.image.title=regsync",
    ],
};

/** Folders above a path, the outermost first. */
const above = (path: string): TarEntry[] => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, at) => folder(parts.slice(0, at + 1).join("/")));
};

/** The root file system of an image. */
export function rootFiles(
    { path, applets, entries }: GoImage,
    program: Buffer,
    busybox: Buffer,
    certificates: Buffer | undefined,
): TarEntry[] {
    const all = [
        folder("bin"),
        ...above(path),
        file(path, program, 0o755),
        file("bin/busybox", busybox, 0o755),
        ...applets.split(" ").map((name) => ({ path: `bin/${name}`, mode: 0o777, link: "busybox" })),
        folder("etc"),
        ...entries,
        ...(certificates
            ? [
                  folder("etc/ssl"),
                  folder("etc/ssl/certs"),
                  file("etc/ssl/certs/ca-certificates.crt", certificates, 0o644),
              ]
            : []),
        folder("tmp", 0o1777),
    ];
    return all.filter((one, at) => all.findIndex((other) => other.path === one.path) === at);
}

/** Builds a program from its Go module and makes the image of it in the engine, named and labelled as what it is. */
export async function buildImage(
    machine: Machine,
    engine: Endpoint,
    image: string,
    recipe: GoImage,
): Promise<void> {
    const version = versionIn(image);
    const name = standInName(image, version) ?? image;
    const program = recipe.program(version);
    const arch = await linuxArch(engine);
    say(
        `${recipe.title}: building ${name} from the Go module ${program.module}@${program.version} instead …`,
    );
    const binaryName = recipe.path.split("/").at(-1) ?? "";
    const folder = join(machine.dirs.cache, binaryName, `${version}-${arch}`);
    const release = acquireLock(`${folder}.lock`, `the image of ${program.name}`);
    try {
        makeFolder(folder);
        // The quick one first: what is missing for it shows before minutes of building.
        const busybox = await busyboxFor(machine, arch, folder, recipe.title);
        const binary = join(folder, binaryName);
        if (!existsSync(binary)) await goBuild(machine, program, binary, { os: "linux", arch });
        const bundle = "/etc/ssl/certs/ca-certificates.crt";
        const certificates = existsSync(bundle) ? readFileSync(bundle) : undefined;
        const files = rootFiles(recipe, readFileSync(binary), readFileSync(busybox), certificates);
        await importImage(engine, name, await tar(files), [
            ...recipe.changes,
            `LABEL org.opencontainers.image.version=${version} ` +
                `${SOURCE_LABEL}="go module ${program.module}@${program.version} (not the official image)"`,
        ]);
    } finally {
        release();
    }
}

/** Debian's static busybox for the engine's processor, unpacked without being installed. */
async function busyboxFor(machine: Machine, arch: string, folder: string, title: string): Promise<string> {
    const target = join(folder, "busybox");
    if (existsSync(target)) return target;
    const problem = await debianProblem(machine, arch);
    if (problem !== undefined) {
        throw new SetupError(
            `${title}: it cannot be built here, because ${problem} (its shell comes from busybox-static): set ` +
                "`pulumi config set imageMirror HOST`, or load a file with `pulumi config set imageTarball FILE`.",
        );
    }
    const work = mkdtempSync(`${target}.`);
    try {
        const root = (await unpackPackages(["busybox-static"], work)).get("busybox-static") ?? work;
        const found = ["bin/busybox", "usr/bin/busybox"].map((path) => join(root, path)).find(existsSync);
        if (!found) throw new SetupError("Debian's busybox-static has no busybox: run `apt-get update`.");
        renameSync(found, target);
    } finally {
        rmSync(work, { recursive: true, force: true });
    }
    return target;
}
