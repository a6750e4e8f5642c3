import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Machine, userDirs } from "../../../setup/machine";

/** A made-up Linux machine in a folder of its own. */
export function machineIn(home: string, over: Partial<Machine> = {}): Machine {
    return {
        root: join(home, "clone"),
        kit: join(home, "clone"),
        platform: "linux",
        arch: "x64",
        env: {},
        home,
        accountHome: home,
        isRoot: false,
        dirs: userDirs("linux", {}, home),
        localCache: join(home, "clone", "node_modules", ".cache", "private-registry"),
        ...over,
    };
}

/** A folder that lives as long as each test of the file. */
export function temporaryFolder(): { readonly path: string } {
    let path = "";
    beforeEach(() => {
        path = mkdtempSync(join(tmpdir(), "private-registry-test-"));
    });
    afterEach(() => rmSync(path, { recursive: true, force: true }));
    return {
        get path() {
            return path;
        },
    };
}

export function put(file: string, content: string | object): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}
