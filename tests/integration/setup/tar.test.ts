/** What the kit packs, unpacked by a real tar. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { tar } from "../../../setup/tar";
import { temporaryFolder } from "../../unit/setup/fixture";

const folder = temporaryFolder();

test("a long path is split over the two fields of a tar header", () => {
    const [long, longer] = [`${"a/".repeat(70)}file`, `${"a/".repeat(130)}file`];
    const file = join(folder.path, "long.tar");
    writeFileSync(file, tar([{ path: long, mode: 0o644, content: Buffer.from("x") }]));
    expect(execFileSync("tar", ["-tf", file], { encoding: "utf8" }).trim()).toBe(long);
    expect(() => tar([{ path: longer, mode: 0o644 }])).toThrow(/path too long/);
});
