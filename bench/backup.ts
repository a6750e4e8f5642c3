/** How long backups take, and what they take of a disk. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";

import { docker } from "../tests/e2e/docker";
import { command, pushImage } from "../tests/e2e/gc";
import { RegistryClient } from "../tests/e2e/http";
import { ADMIN, Stack } from "../tests/e2e/stack";

import { format, seconds, spread } from "./measure";

const IMAGES = 20;
/** Of 10 kB, of each of an image's two blobs: 2 GB in all. */
const PARTS = 5_000;
const AGAIN = 3;

const print = (text: string) => void process.stdout.write(`${text}\n`);
const verdict = (met: boolean) => (met ? "met" : "missed");
const bytesIn = (folder: string) => Number(execFileSync("du", ["-sb", folder]).toString().split("\t")[0]);

/** A backup of 2 GB that do not compress, and more of it with nothing new. */
export async function backup(): Promise<void> {
    const stack = await Stack.create("bench-backup", { settings: { ...ADMIN, keepData: "false" } });
    const repository = join(stack.folder, "repository");
    const file = resolve(stack.project, `Pulumi.${stack.name}.yaml`);
    const run = async (...flags: string[]) => {
        const { code, screen } = await command(stack, "backup", ...flags, "--config-file", file).done;
        if (code !== 0) throw new Error(screen);
    };
    try {
        await stack.configure({
            "backup.repository": repository,
            "backup.password": { secret: "bench" },
        });
        await stack.up();
        const client = await RegistryClient.of(stack);
        for (let i = 0; i < IMAGES; i++) await pushImage(client, "bench/image", `v${i}`, PARTS);
        client.close();
        const blobs = await docker(
            ...["exec", stack.prefix, "/bin/sh", "-c"],
            "find /var/lib/registry/docker/registry/v2/blobs -type f -exec stat -c %s {} + | awk '{ n += $1 } END { print n }'",
        );
        const first = await seconds(() => run());
        const times: number[] = [];
        const stored = bytesIn(repository);
        for (let i = 0; i < AGAIN; i++) times.push(await seconds(() => run()));
        const again = spread(times);
        const ratio = stored / Number(blobs);
        const gb = Number(blobs) / 1e9;
        print(
            `npm run backup of ${gb.toFixed(1)} GB:                     ${first.toFixed(1)} s, ${((gb * 1000) / first).toFixed(0)} MB/s`,
        );
        print(`the same with nothing new:                  ${format(again, " s")}`);
        print(`    target 5 s: ${verdict(again.median <= 5)}`);
        print(`bytes in the repository ÷ bytes of the blobs: ${ratio.toFixed(3)}`);
        print(`    target 1.05: ${verdict(ratio <= 1.05)}`);
        print(
            `--verify of it:                             ${((await seconds(() => run("--verify"))) - again.median).toFixed(1)} s more`,
        );
    } finally {
        await stack.dispose();
        rmSync(repository, { recursive: true, force: true });
    }
}
