/** What a command in a pod gets on its standard input, by a kubectl that loses it at times. On a real one: tests/e2e/kubernetes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Cluster } from "../../../cluster/cluster";

const folder = mkdtempSync(join(tmpdir(), "kubectl-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command here in the pod's place. @param losses how many times its input is lost */
async function exec(losses: number, command: readonly string[], input?: string | Buffer) {
    writeFileSync(join(folder, "calls"), "");
    const program = `#!/bin/sh
echo >> ${folder}/calls
while [ "$1" != -- ]; do shift; done
shift
if [ "$(wc -l < ${folder}/calls)" -le ${losses} ]; then "$@" < /dev/null; else "$@"; fi
code=$?
[ $code = 0 ] || echo "command terminated with exit code $code" >&2
exit $code`;
    writeFileSync(join(folder, "kubectl"), program, { mode: 0o755 });
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    const result = await Cluster.with({ namespace: "registry" }, env, (cluster) =>
        cluster.exec("pod-1", "front", command, { input }),
    );
    const calls = readFileSync(join(folder, "calls"), "utf8").length;
    return { code: result.code, stdout: result.stdout, calls };
}

const SHOWN = ["/bin/sh", "-c", 'cat; echo " for $1"; exit 3', "sh", "it's"];

test("a command gets its input to the byte, and its own exit code counts", async () => {
    expect(await exec(0, SHOWN, "\na\n\n b\\")).toEqual({
        code: 3,
        stdout: "\na\n\n b\\ for it's\n",
        calls: 1,
    });
    expect(await exec(0, ["/bin/sh", "-s"], "echo done")).toEqual({ code: 0, stdout: "done\n", calls: 1 });
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 256));
    expect((await exec(0, ["wc", "-c"], bytes)).stdout.trim()).toBe("100000");
    expect((await exec(0, ["wc", "-c"], "")).stdout.trim()).toBe("0");
});

test("where the input is lost the command does not begin, and is asked for again", async () => {
    expect(await exec(2, SHOWN, "secret")).toEqual({ code: 3, stdout: "secret for it's\n", calls: 3 });
    await expect(exec(9, SHOWN, "secret")).rejects.toThrow(
        /^The pod pod-1 takes no input: run the same command again\.$/,
    );
});

test("one without input is run as it is", async () => {
    expect(await exec(9, ["echo", "there"])).toEqual({ code: 0, stdout: "there\n", calls: 1 });
});
