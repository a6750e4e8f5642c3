/** Servers that the tests run, built from their Go modules once per user. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type GoProgram, goBuild } from "./go";
import type { Machine } from "./machine";
import { acquireLock, makeFolder } from "./start.cjs";

/** An S3 server with files behind it. */
export const S3_SERVER: GoProgram = {
    name: "versitygw",
    module: "github.com/versity/versitygw",
    version: "v1.8.0",
    package: "github.com/versity/versitygw/cmd/versitygw",
    minimumGo: "1.25",
    about: "about 1 minute on 2 cores",
};

/** A server of restic repositories, restic's own. */
export const REST_SERVER: GoProgram = {
    name: "rest-server",
    module: "github.com/restic/rest-server",
    version: "v0.14.0",
    package: "github.com/restic/rest-server/cmd/rest-server",
    minimumGo: "1.23",
    about: "half a minute on 2 cores",
};

/** A directory of RFC 8555 for tests, Let's Encrypt's own, and its name server. */
export const PEBBLE: GoProgram = {
    name: "pebble",
    module: "github.com/letsencrypt/pebble/v2",
    version: "v2.10.1",
    package: "github.com/letsencrypt/pebble/v2/cmd/pebble",
    minimumGo: "1.24",
    about: "half a minute on 2 cores",
};
export const CHALLENGE_SERVER: GoProgram = {
    ...PEBBLE,
    name: "pebble-challtestsrv",
    package: "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv",
};

/** The program for an Engine's processor (as Go names it). Returns its path. */
export async function ensureServer(machine: Machine, program: GoProgram, arch: string): Promise<string> {
    const binary = join(machine.dirs.cache, program.name, `${program.version.slice(1)}-${arch}`);
    if (existsSync(binary)) return binary;
    const release = acquireLock(`${binary}.lock`, `${program.name} of the tests`);
    try {
        makeFolder(dirname(binary));
        if (!existsSync(binary)) await goBuild(machine, program, binary, { os: "linux", arch });
    } finally {
        release();
    }
    return binary;
}
