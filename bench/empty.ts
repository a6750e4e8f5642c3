/** A Pulumi program that makes nothing, and a script of npm that does nothing: what no kit on them can go below. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { must } from "../tests/e2e/run";
import type { Stack } from "../tests/e2e/stack";

/**
 * Runs `pulumi up` of a program that loads the SDK and makes nothing, with the kit's own settings of Node.
 *
 * @param stack whose Pulumi home, backend and passphrase the program takes
 * @param root the kit's folder
 */
export async function emptyProgram(stack: Stack, root: string): Promise<() => Promise<void>> {
    const folder = join(stack.folder, "empty");
    mkdirSync(folder);
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    symlinkSync(join(root, "setup"), join(folder, "setup"));
    const runtime = "{name: nodejs, options: {typescript: false, nodeargs: --require ./setup/early.cjs}}";
    writeFileSync(join(folder, "Pulumi.yaml"), `name: empty\nruntime: ${runtime}\n`);
    writeFileSync(join(folder, "package.json"), '{"main":"index.js"}\n');
    writeFileSync(join(folder, "index.js"), 'require("@pulumi/pulumi");\n');
    const options = { cwd: folder, env: { ...stack.env, PWD: folder } };
    await must("pulumi", ["stack", "init", "empty"], options);
    const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "empty"];
    return async () => void (await must("pulumi", args, options));
}

/**
 * Runs `npm run` of a script that does nothing.
 *
 * @param stack in whose folder it lies
 */
export function emptyScript(stack: Stack): () => Promise<void> {
    const folder = join(stack.folder, "empty-script");
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), '{"scripts":{"nothing":"true"}}\n');
    const options = { cwd: folder, env: { ...stack.env, PWD: folder } };
    return async () => void (await must("npm", ["run", "nothing"], options));
}
