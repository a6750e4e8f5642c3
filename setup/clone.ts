/** Which folder a stack was deployed from: a second clone would put its own configuration on the first one's registry. */
import { createHash } from "node:crypto";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors";
import { readJson } from "./json";
import type { Machine } from "./machine";
import { say } from "./progress";
import type { Stack } from "./stack";
import { writeAtomically } from "./start.cjs";

/** Flag with which the user says that the stack is to be deployed from this folder from now on. */
export const HERE = "--from-here";

/** Per user, beside the kit's own state: a file for each backend and stack. */
function fileOf(machine: Machine, { backend, name }: Pick<Stack, "backend" | "name">): string {
    const id = createHash("sha256").update(`${backend}\0${name}`).digest("hex").slice(0, 16);
    return join(machine.dirs.data, "deployed-from", `${name.replaceAll("/", "-")}-${id}.json`);
}

/**
 * Makes sure that the stack was not last deployed from another folder that is there still.
 *
 * @throws SetupError with the ways out, where it was
 */
export function checkClone(machine: Machine, stack: Stack, args: readonly string[]): void {
    const known = readJson(fileOf(machine, stack)) as { folder?: string; at?: string } | undefined;
    const here = realpathSync(machine.root);
    if (known?.folder === undefined || known.folder === here || args.includes(HERE)) return;
    if (!existsSync(join(known.folder, "Pulumi.yaml"))) {
        say(
            `Stack ${stack.name} was last deployed from ${known.folder}, which is gone: it goes on from here.`,
        );
        return;
    }
    throw new SetupError(
        `Stack ${stack.name} was last deployed from ${known.folder} (${known.at ?? "some time ago"}), whose configuration ` +
            "may be another one; nothing was changed. For a registry of its own: `npm run up -- --stack NAME`. To go on with " +
            `${stack.name} from this folder: \`npm run up -- ${HERE}\`.`,
    );
}

/** Keeps that the stack was deployed from this folder. */
export function rememberClone(machine: Machine, stack: Stack): void {
    const text = {
        folder: realpathSync(machine.root),
        at: new Date().toISOString().slice(0, 16).replace("T", " "),
    };
    writeAtomically(fileOf(machine, stack), `${JSON.stringify(text)}\n`, 0o600);
}
