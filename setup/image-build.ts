import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SOURCE_LABEL, standInName } from "./stand-ins";
import type { Endpoint } from "../engine/endpoint";
import { SetupError } from "./errors";
import { type GoProgram, goBuild } from "./go";
import { debianProblem, unpackPackages } from "./image-debian";
import { importImage, linuxArch } from "./image-import";
import { parseImage } from "../address/image-name";
import type { Machine } from "./machine";
import { say } from "./progress";
import { acquireLock, makeFolder } from "./start.cjs";
import { type TarEntry, tar } from "../engine/tar";

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

/** Builds the registry from its Go module and makes the image of it in the engine, named and labelled as what it is. */
export async function buildImage(machine: Machine, engine: Endpoint, image: string): Promise<void> {
    const { tag } = parseImage(image);
    const name = standInName(image, tag) ?? image;
    const program = registryProgram(tag);
    const arch = await linuxArch(engine);
    say(`Registry image: building ${name} from the Go module ${program.module}@${program.version} instead …`);
    const folder = join(machine.dirs.cache, "registry", `${tag}-${arch}`);
    const release = acquireLock(`${folder}.lock`, "the registry image");
    try {
        makeFolder(folder);
        // The quick one first: what is missing for it shows before minutes of building.
        const busybox = await busyboxFor(machine, arch, folder);
        const binary = join(folder, "registry");
        if (!existsSync(binary)) await goBuild(machine, program, binary, { os: "linux", arch });
        const bundle = "/etc/ssl/certs/ca-certificates.crt";
        const certificates = existsSync(bundle) ? readFileSync(bundle) : undefined;
        const files = rootFiles(readFileSync(binary), readFileSync(busybox), certificates);
        await importImage(engine, name, await tar(files), [
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
    const problem = await debianProblem(machine, arch);
    if (problem !== undefined) {
        throw new SetupError(
            `The registry image cannot be built here, because ${problem} (its shell comes from busybox-static): set ` +
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
