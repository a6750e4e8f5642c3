/** The shell of backups, as a shell reads it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
    applyScript,
    backupScript,
    INIT,
    planScript,
    UNLOCK,
    verifyScript,
} from "../../../ops/backup/scripts";
import { LACKING } from "../../../ops/backup/verify";
import { run } from "../../../setup/run";

const words = { host: "h", tags: ["a", "id"], keep: { daily: 7, weekly: 5, monthly: 12 } };

test.each([
    ["backup", backupScript({ ...words, dryRun: false, mend: false })],
    ["mend", backupScript({ ...words, dryRun: false, mend: true })],
    ["dry run", backupScript({ ...words, dryRun: true, mend: false })],
    ["init", INIT],
    ["unlock", UNLOCK],
    ["plan", planScript("abc")],
    ["apply", applyScript("abc")],
    ["verify", verifyScript("abc")],
    ["lacking", LACKING],
])("%s is a script", async (_name, script) => {
    expect(await run("/bin/sh", ["-n", "-c", script])).toMatchObject({ code: 0, stderr: "" });
});

test("blobs that a registry does not answer are named, one by one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-verify-"));
    try {
        // Fails where one of what it is asked for is not there, as wget does.
        writeFileSync(join(folder, "wget"), '#!/bin/sh\ncase "$*" in *gone*) exit 8 ;; esac\n');
        chmodSync(join(folder, "wget"), 0o755);
        const env = { PATH: `${folder}:${process.env.PATH}` };
        const asked = (...paths: string[]) => run("/bin/sh", ["-c", LACKING, "sh", ...paths], { env });
        expect(await asked("/v2/a/blobs/1", "/v2/a/blobs/2")).toMatchObject({ code: 0, stdout: "" });
        expect(await asked("/v2/a/blobs/1", "/v2/a/blobs/gone", "/v2/b/blobs/gone")).toMatchObject({
            stdout: "/v2/a/blobs/gone\n/v2/b/blobs/gone\n",
            stderr: "",
        });
    } finally {
        rmSync(folder, { recursive: true });
    }
});
