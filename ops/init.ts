/** `npx private-registry init`: a new project, for a registry that is kept beside nobody's source code. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { SetupError } from "../setup/errors";
import { readJson } from "../setup/json";
import type { Machine } from "../setup/machine";
import { say } from "../setup/progress";
import { writeAtomically } from "../setup/start.cjs";

const NAME = "private-registry";

/** What may be in the folder already: what npm and git put there. */
const EXPECTED = [".git", "node_modules", "package.json", "package-lock.json", ".npmrc"];

/** The commands, by the names that every message of the kit has. */
const SCRIPTS = [
    "up",
    "destroy",
    "env",
    "export",
    "setup",
    "gc",
    "backup",
    "restore",
    "mirrors",
    "client",
    "doctor",
    "catalog",
];

const PROGRAM = `// What Pulumi runs: the stack's configuration in, a registry out. A program of your own may stand in its place, with
// \`new PrivateRegistry(…)\` of the package and more: docs/components.md.
module.exports = require("${NAME}/program");
`;

interface Manifest {
    scripts?: Record<string, string>;
    dependencies?: Record<string, string>;
}

/** package.json with the commands, and all that was in it before. @param version of the kit */
export function manifest(
    former: Manifest & Record<string, unknown>,
    version: string,
): Record<string, unknown> {
    const commands = Object.fromEntries(SCRIPTS.map((one) => [one, `${NAME} ${one}`]));
    return {
        private: true,
        ...former,
        main: "index.cjs",
        scripts: { ...commands, ...former.scripts },
        dependencies: { [NAME]: `^${version}`, ...former.dependencies },
    };
}

/** Pulumi.yaml of a project that has the kit as a package. @param text the kit's own */
export function projectYaml(text: string): string {
    const document = parseDocument(text);
    // The kit's settings for a checkout, and its comments on them, are not the project's.
    document.set(
        "runtime",
        document.createNode({
            name: "nodejs",
            options: { typescript: false, nodeargs: `--require ${NAME}/early` },
        }),
    );
    return document.toString({ lineWidth: 0 });
}

/**
 * Writes a project into the folder: package.json, Pulumi.yaml, the configuration of the stack dev, index.cjs, .gitignore.
 *
 * @throws SetupError where other files are there, which are left as they are
 */
export function init(machine: Machine, args: string[]): Promise<number> {
    const { root, kit } = machine;
    if (args.length > 0) throw new SetupError(`init takes no argument, and "${args.join(" ")}" is one.`);
    if (root === kit)
        throw new SetupError("This is a checkout of the kit, which is a project already: `npm run up`.");
    const others = readdirSync(root).filter((name) => !EXPECTED.includes(name));
    if (others.length > 0)
        throw new SetupError(
            `${root} is not empty (${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}), and nothing was changed: ` +
                "make a folder for the project and run the same command there.",
        );
    const { version } = readJson(join(kit, "package.json")) as { version: string };
    const former = (readJson(join(root, "package.json")) ?? {}) as Manifest & Record<string, unknown>;
    const kits = (file: string) => readFileSync(join(kit, file), "utf8");
    const files: Record<string, string> = {
        "package.json": `${JSON.stringify(manifest(former, version), undefined, 2)}\n`,
        "Pulumi.yaml": projectYaml(kits("Pulumi.yaml")),
        "Pulumi.dev.yaml": kits("Pulumi.dev.yaml"),
        "index.cjs": PROGRAM,
        ".gitignore": "node_modules/\nout/\n",
    };
    for (const [file, text] of Object.entries(files)) writeAtomically(join(root, file), text);
    say(`Written: ${Object.keys(files).join(", ")}`);
    // A script of the user's own stays what it is.
    const up = former.scripts?.up === undefined ? "npm run up" : `npx ${NAME} up`;
    say(`Next:    ${isInstalled(root) ? "" : "npm install && "}${up}`);
    return Promise.resolve(0);
}

/** Whether the project has the package already, as after `npm install private-registry`. */
function isInstalled(root: string): boolean {
    if (!existsSync(join(root, "node_modules"))) return false;
    try {
        return createRequire(join(root, "package.json")).resolve(`${NAME}/package.json`) !== "";
    } catch {
        return false;
    }
}
