/** The file of users, read by the program whose form it has. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { bcrypt, renderHtpasswd } from "../../../components/auth/htpasswd";

const SALT = Buffer.from("0123456789abcdef").toString("base64");
const HASHES = {
    bob: bcrypt("hunter2", SALT, 10),
    admin: bcrypt("123456", SALT, 10),
    "Zoë Müller": bcrypt("pässwörd", SALT, 4),
};

test("Apache's htpasswd verifies each user", () => {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-htpasswd-"));
    try {
        const file = join(folder, "htpasswd");
        writeFileSync(file, renderHtpasswd(HASHES));
        const verify = (user: string, text: string) =>
            spawnSync("htpasswd", ["-vb", file, user, text], { encoding: "utf8" });
        // It is part of apache2-utils, which `npm test` installs.
        execFileSync("which", ["htpasswd"]);
        expect(verify("admin", "123456")).toMatchObject({ status: 0 });
        expect(verify("Zoë Müller", "pässwörd")).toMatchObject({ status: 0 });
        expect(verify("admin", "hunter2")).toMatchObject({ status: 3 });
    } finally {
        rmSync(folder, { recursive: true });
    }
});
