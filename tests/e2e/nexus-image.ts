/** The Nexus that the end-to-end tests run on: Sonatype's image where it can be pulled, else the stand-in. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

import { build } from "esbuild";

import { NEXUS_IMAGE } from "../../components/nexus/plan";
import { REGISTRY_IMAGE } from "./images";
import { ensureEngine } from "../../setup/engine";
import { pullImage } from "../../setup/image-pull";
import { thisMachine } from "../../setup/machine";
import { tar, type TarEntry } from "../../engine/tar";

import { must, run } from "./run";

const ROOT = join(__dirname, "..", "..");
const STAND_IN = "private-registry/nexus-stand-in";

export interface NexusImage {
    image: string;
    standIn: boolean;
    /** Takes the stand-in away again. */
    dispose(): Promise<void>;
}

/** Whether the Engine has the real image, or can pull it. */
async function real(): Promise<boolean> {
    const inspect = ["image", "inspect", NEXUS_IMAGE];
    if ((await run("docker", inspect)).code === 0) return true;
    const machine = thisMachine(ROOT);
    const refused = await pullImage(machine, await ensureEngine(machine, undefined), NEXUS_IMAGE, undefined);
    return refused === undefined;
}

/** Node and the libraries that it loads, at the paths at which it looks for them. */
function nodeFiles(): TarEntry[] {
    const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" });
    const paths = [...libraries.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
    const files = new Map(paths.map((path) => [path, path]));
    files.set("/usr/local/bin/node", process.execPath);
    return [...files].map(([path, source]) => ({
        path: path.slice(1),
        mode: 0o755,
        content: readFileSync(realpathSync(source)),
    }));
}

/** Built upon the registry's image, which every test has and which has a shell and wget for the health check. */
const DOCKERFILE = `
FROM ${REGISTRY_IMAGE}
USER 0
ADD files.tar /
RUN mkdir -p /nexus-data && chown 200:200 /nexus-data
USER 200:200
LABEL private-registry.source="stand-in for ${NEXUS_IMAGE}, made for tests (not Sonatype Nexus)"
ENTRYPOINT []
CMD ["/usr/local/bin/node", "/stand-in.cjs"]
VOLUME /nexus-data
`;

/** @param image a name of its own, so that no other test takes it away */
async function buildStandIn(image: string): Promise<void> {
    const bundle = await build({
        entryPoints: [join(ROOT, "tests", "standin", "nexus", "main.ts")],
        bundle: true,
        platform: "node",
        target: "node20",
        write: false,
    });
    const [program] = bundle.outputFiles;
    const files = await tar([
        ...nodeFiles(),
        { path: "stand-in.cjs", mode: 0o644, content: Buffer.from(program?.contents ?? []) },
    ]);
    const context = await tar([
        { path: "Dockerfile", mode: 0o644, content: Buffer.from(DOCKERFILE) },
        { path: "files.tar", mode: 0o644, content: files },
    ]);
    await must("docker", ["build", "--quiet", "--network", "none", "--tag", image, "-"], {
        input: context,
        env: { ...process.env, DOCKER_BUILDKIT: "0" },
    });
}

/** Says on the screen which one runs. */
export async function nexusImage(): Promise<NexusImage> {
    const standIn = !(await real());
    const image = standIn ? `${STAND_IN}:${randomBytes(3).toString("hex")}` : NEXUS_IMAGE;
    if (standIn) await buildStandIn(image);
    process.stderr.write(
        standIn
            ? `Nexus: ${NEXUS_IMAGE} cannot be pulled here; these tests run on the kit's STAND-IN for it.\n`
            : `Nexus: these tests run on ${NEXUS_IMAGE}.\n`,
    );
    const dispose = async () => {
        if (standIn) await run("docker", ["image", "rm", "--force", image]);
    };
    return { image, standIn, dispose };
}
