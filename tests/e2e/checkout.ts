/** A checkout as `git clone` makes it, with what is not committed yet. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(__dirname, "..", "..");
const git = (...args: string[]) => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });

/** The configuration of the stack dev that is in the repository. */
export const configOfDev = (): string => git("show", "HEAD:Pulumi.dev.yaml");

/** Writes one into a folder that is not there, with what `npm ci` would install. */
export function writeCheckout(folder: string): void {
    mkdirSync(folder);
    const files = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0");
    for (const file of files) {
        // Of these the reader has the one that is in the repository.
        if (file === "" || /^Pulumi\..+\.yaml$/.test(file) || !existsSync(join(ROOT, file))) continue;
        cpSync(join(ROOT, file), join(folder, file), { preserveTimestamps: true });
    }
    writeFileSync(join(folder, "Pulumi.dev.yaml"), configOfDev());
    const here = { cwd: folder };
    execFileSync("git", ["init", "--quiet"], here);
    execFileSync("git", ["add", "--all"], here);
    const modules = join(folder, "node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(join(ROOT, "node_modules")))
        // The kit keeps there what belongs to one checkout.
        if (name !== ".cache") symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
}

/** Makes one what it was when it was written; what the kit keeps in node_modules stays. */
export function freshen(folder: string): void {
    const here = { cwd: folder };
    execFileSync("git", ["checkout-index", "--all", "--force"], here);
    execFileSync("git", ["clean", "-fdxq", "--exclude=node_modules"], here);
}
