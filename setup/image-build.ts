import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { aptGet, isDebian, readOsRelease } from "./debian";
import type { Endpoint } from "./endpoint";
import { callEngine, refusal } from "./engine-api";
import { SetupError } from "./errors";
import { type GoProgram, goBuild } from "./go";
import { SOURCE_LABEL } from "./image";
import { parseImage } from "./image-name";
import type { Machine } from "./machine";
import { say, withProgress } from "./progress";
import { mustRun } from "./run";
import { acquireLock } from "./start.cjs";
import { type TarEntry, tar } from "./tar";

function registryProgram(version: string): GoProgram {
    const module = "github.com/distribution/distribution/v3";
    return {
        name: "the registry",
        module,
        version: `v${version}`,
        package: `${module}/cmd/registry`,
        variables: [`${module}/version.version=v${version}`],
        minimumGo: "1.26",
        about: "about 1 minute on 2 cores",
    };
}

// What the official image's entrypoint and its users' health checks call.
const APPLETS = ["sh", "cat", "chmod", "cp", "ls", "mkdir", "mv", "nc", "sleep", "wget"];

const CONFIG = `version: 0.1
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
`;

/** The root file system of the image; the official one has the same paths. */
export function rootFiles(registry: Buffer, busybox: Buffer, certificates: Buffer | undefined): TarEntry[] {
    const folder = (path: string, mode = 0o755): TarEntry => ({ path: `${path}/`, mode });
    const file = (path: string, content: Buffer, mode: number): TarEntry => ({ path, mode, content });
    return [
        folder("bin"),
        file("bin/registry", registry, 0o755),
        file("bin/busybox", busybox, 0o755),
        ...APPLETS.map((name) => ({ path: `bin/${name}`, mode: 0o777, link: "busybox" })),
        folder("etc"),
        folder("etc/distribution"),
        file("etc/distribution/config.yml", Buffer.from(CONFIG), 0o644),
        ...(certificates
            ? [
                  folder("etc/ssl"),
                  folder("etc/ssl/certs"),
                  file("etc/ssl/certs/ca-certificates.crt", certificates, 0o644),
              ]
            : []),
        folder("tmp", 0o1777),
        folder("var"),
        folder("var/lib"),
        folder("var/lib/registry"),
    ];
}

interface Version {
    Os: string;
    Arch: string;
}

/** Builds the registry from its Go module and makes the image of it in the engine, labelled as what it is. */
export async function buildImage(machine: Machine, engine: Endpoint, image: string): Promise<void> {
    const { repository, tag } = parseImage(image);
    const program = registryProgram(tag);
    const version = JSON.parse((await callEngine(engine, { path: "/version" })).body) as Version;
    if (version.Os !== "linux") {
        throw new SetupError(
            `The Docker Engine runs ${version.Os} containers, and the registry needs Linux ones: switch it over.`,
        );
    }
    say(
        `Registry image: building ${image} from the Go module ${program.module}@${program.version} instead …`,
    );
    const folder = join(machine.dirs.cache, "registry", `${tag}-${version.Arch}`);
    const release = acquireLock(`${folder}.lock`, "the registry image");
    try {
        mkdirSync(folder, { recursive: true });
        // The quick one first: what is missing for it shows before minutes of building.
        const busybox = await busyboxFor(machine, version.Arch, folder);
        const binary = join(folder, "registry");
        if (!existsSync(binary)) await goBuild(machine, program, binary, { os: "linux", arch: version.Arch });
        const bundle = "/etc/ssl/certs/ca-certificates.crt";
        const certificates = existsSync(bundle) ? readFileSync(bundle) : undefined;
        const files = rootFiles(readFileSync(binary), readFileSync(busybox), certificates);
        await importImage(engine, repository, tag, tar(files), [
            'ENTRYPOINT ["/bin/registry"]',
            'CMD ["serve","/etc/distribution/config.yml"]',
            "ENV PATH=/bin OTEL_TRACES_EXPORTER=none",
            "EXPOSE 5000",
            "VOLUME /var/lib/registry",
            `LABEL org.opencontainers.image.title=Distribution org.opencontainers.image.version=${tag} ` +
                `${SOURCE_LABEL}="go module ${program.module}@${program.version} (not the official image)"`,
        ]);
    } finally {
        release();
    }
}

/** Debian's static busybox for the engine's processor, unpacked without being installed. */
async function busyboxFor(machine: Machine, arch: string, folder: string): Promise<string> {
    const target = join(folder, "busybox");
    if (existsSync(target)) return target;
    if (machine.platform !== "linux" || !isDebian(readOsRelease())) {
        throw new SetupError(
            "The registry image cannot be built here, because its shell comes from Debian's busybox-static: set " +
                "`pulumi config set imageMirror HOST`, or load a file with `pulumi config set imageTarball FILE`.",
        );
    }
    const own = (
        await mustRun("dpkg", ["--print-architecture"], "Debian's own architecture is not known.")
    ).stdout.trim();
    if (own !== arch) {
        throw new SetupError(
            `The Docker Engine is ${arch} and this machine ${own}, so Debian's busybox-static is not at hand for it: ` +
                "set `pulumi config set imageMirror HOST` or `pulumi config set imageTarball FILE`.",
        );
    }
    const work = mkdtempSync(`${target}.`);
    try {
        await aptGet("downloading busybox-static", ["download", "busybox-static"], work);
        const deb = readdirSync(work).find((name) => name.endsWith(".deb"));
        if (!deb)
            throw new SetupError("`apt-get download busybox-static` left no file: run `apt-get update`.");
        await mustRun(
            "dpkg-deb",
            ["-x", join(work, deb), work],
            "Debian's busybox-static cannot be unpacked.",
        );
        const found = ["bin/busybox", "usr/bin/busybox"].map((path) => join(work, path)).find(existsSync);
        if (!found) throw new SetupError("Debian's busybox-static has no busybox: run `apt-get update`.");
        renameSync(found, target);
    } finally {
        rmSync(work, { recursive: true, force: true });
    }
    return target;
}

// An import makes one layer in one call, where a build would need a Dockerfile, a context and BuildKit or not.
async function importImage(
    engine: Endpoint,
    repository: string,
    tag: string,
    archive: Buffer,
    changes: string[],
): Promise<void> {
    const query = new URLSearchParams({ fromSrc: "-", repo: repository, tag });
    for (const change of changes) query.append("changes", change);
    const answer = await withProgress("making the image", () =>
        callEngine(engine, {
            method: "POST",
            path: `/images/create?${query.toString()}`,
            headers: { "Content-Type": "application/x-tar" },
            body: archive,
            idleMs: 300_000,
        }),
    );
    if (answer.status !== 200 || /"error":/.test(answer.body)) {
        throw new SetupError(`The Docker Engine does not take the image: ${refusal(answer)}`);
    }
}
