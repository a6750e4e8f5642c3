/** The file that tells a container of its proxy, read by a real shell. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROXY_FILE, renderProxy, withProxy } from "../../../components/outbound/proxy-file";

const PROXY = "http://robot:hunter2's $HOME@proxy.example.com:3128";

describe("the file of the proxy", () => {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-proxy-"));
    afterAll(() => rmSync(folder, { recursive: true }));

    const environment = (): Record<string, string> => {
        const text = execFileSync("sh", ["-euc", `${withProxy(folder)}; env`], { env: {}, encoding: "utf8" });
        return Object.fromEntries(text.split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)));
    };

    test("where there is none, nothing is set and nothing fails", () => {
        expect(environment()).not.toHaveProperty("HTTPS_PROXY");
    });

    test("gives a program the very URL, in both spellings, and leaves this machine out", () => {
        writeFileSync(
            join(folder, PROXY_FILE),
            renderProxy({ https: PROXY, none: [".corp.example", "10.0.0.0/8"] }),
        );
        const found = environment();
        expect(found).toMatchObject({
            HTTPS_PROXY: PROXY,
            https_proxy: PROXY,
            NO_PROXY: "localhost,127.0.0.1,::1,.corp.example,10.0.0.0/8",
        });
        expect(found).not.toHaveProperty("HTTP_PROXY");
    });
});
