/** Programs that find names at addresses of the test's own, without a name server. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Result, run } from "./run";

const ENTER = 'mount --bind "$0" /etc/hosts && exec "$@"';
const isRoot = process.getuid?.() === 0;

export class Names {
    private readonly file: string;

    /** @param names host name → IP address */
    constructor(folder: string, names: Readonly<Record<string, string>>) {
        this.file = join(folder, "hosts");
        const lines = Object.entries(names).map(([name, address]) => `${address} ${name}\n`);
        writeFileSync(this.file, lines.join(""));
    }

    /** Runs a program that reads these names in /etc/hosts, and nobody else does. */
    run(command: string, args: string[], input?: string): Promise<Result> {
        const namespaces = ["--mount", "--propagation", "private", ...(isRoot ? [] : ["--map-root-user"])];
        return run("unshare", [...namespaces, "sh", "-c", ENTER, this.file, command, ...args], { input });
    }
}
