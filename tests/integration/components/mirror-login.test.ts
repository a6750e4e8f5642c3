/** The program by which a mirror logs in upstream, run as the registry runs it. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { renderLogin } from "../../../components/mirror/login";

describe("the login program", () => {
    let file: string;
    beforeAll(() => {
        file = join(mkdtempSync(join(tmpdir(), "private-registry-login-")), "login");
    });
    afterAll(() => rmSync(join(file, ".."), { recursive: true }));

    test.each([
        [undefined, { Username: "", Secret: "" }],
        [
            { username: "robot", password: "plain" },
            { Username: "robot", Secret: "plain" },
        ],
        [
            { username: "a'b", password: "$(id) `id` \"'\\\nEND\n€" },
            { Username: "a'b", Secret: "$(id) `id` \"'\\\nEND\n€" },
        ],
    ])("answers %j as it is", (login, answer) => {
        writeFileSync(file, renderLogin(login));
        chmodSync(file, 0o500);
        const text = execFileSync(file, ["get"], { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
        expect(JSON.parse(text)).toEqual(answer);
        rmSync(file);
    });
});
