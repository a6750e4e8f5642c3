/** What a mirror writes: its clients' files, its login program, its config.yml. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
    containerdHostsToml,
    dockerDaemonJson,
    type MirrorFacts,
    registriesConf,
} from "../../../components/mirror/clients";
import { renderLogin } from "../../../components/mirror/login";

import { expectGolden } from "./golden";

const MIRRORS: Record<string, MirrorFacts> = {
    hub: {
        endpoint: "https://docker.example.com:5443",
        upstream: "https://registry-1.docker.io",
        ownCa: true,
    },
    "hub-http": {
        endpoint: "http://docker.example.com:5001",
        upstream: "https://registry-1.docker.io",
        ownCa: false,
    },
    other: {
        endpoint: "https://docker.example.com:5444",
        upstream: "http://registry.example.com:5000",
        ownCa: false,
    },
};

test.each(Object.entries(MIRRORS))("golden: mirror-%s-*", (name, facts) => {
    expectGolden(`mirror-${name}-hosts.toml`, containerdHostsToml(facts));
    expectGolden(`mirror-${name}-registries.conf`, registriesConf(facts));
    const json = dockerDaemonJson(facts);
    // Docker uses a mirror for images of Docker Hub alone.
    if (name === "other") expect(json).toBe("");
    else expectGolden(`mirror-${name}-daemon.json`, json);
});

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
