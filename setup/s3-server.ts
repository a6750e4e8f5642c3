import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type GoProgram, goBuild } from "./go";
import type { Machine } from "./machine";
import { acquireLock, makeFolder } from "./start.cjs";

/** An S3 server with files behind it, which the tests of the S3 storage run. */
export const S3_SERVER: GoProgram = {
    name: "versitygw",
    module: "github.com/versity/versitygw",
    version: "v1.8.0",
    package: "github.com/versity/versitygw/cmd/versitygw",
    minimumGo: "1.25",
    about: "about 1 minute on 2 cores",
};

/** The server for an Engine's processor (as Go names it), built once per user. Returns the path of the program. */
export async function ensureS3Server(machine: Machine, arch: string): Promise<string> {
    const binary = join(machine.dirs.cache, S3_SERVER.name, `${S3_SERVER.version.slice(1)}-${arch}`);
    if (existsSync(binary)) return binary;
    const release = acquireLock(`${binary}.lock`, "the S3 server of the tests");
    try {
        makeFolder(dirname(binary));
        if (!existsSync(binary)) await goBuild(machine, S3_SERVER, binary, { os: "linux", arch });
    } finally {
        release();
    }
    return binary;
}
