import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { resolveEndpoint } from "../../../engine/endpoint";
import { retrying } from "../../../engine/errors";
import { logText } from "../../../engine/frames";
import { credentialsFor } from "../../../engine/login";
import { sshCommand } from "../../../engine/ssh";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "docker-config-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const basic = (text: string) => Buffer.from(text).toString("base64");

test("a context of the docker CLI names the Engine and its certificates", () => {
    const id = createHash("sha256").update("far").digest("hex");
    const env = { DOCKER_CONFIG: folder, DOCKER_CONTEXT: "far" };
    expect(() => resolveEndpoint({}, { env })).toThrow(/docker context "far" is selected but has no Engine/);
    mkdirSync(join(folder, "contexts", "meta", id), { recursive: true });
    const meta = { Name: "far", Endpoints: { docker: { Host: "tcp://far:2376" } } };
    writeFileSync(join(folder, "contexts", "meta", id, "meta.json"), JSON.stringify(meta));
    expect(resolveEndpoint({}, { env })).toMatchObject({ url: "tcp://far:2376" });
    const certs = join(folder, "contexts", "tls", id, "docker");
    mkdirSync(certs, { recursive: true });
    expect(resolveEndpoint({}, { env })).toEqual({
        url: "tcp://far:2376",
        source: 'docker context "far"',
        certPath: certs,
    });
});

test("ssh gets the user and the port, and never an option from the host", () => {
    expect(sshCommand(new URL("ssh://me@far:2222")).join(" ")).toBe(
        "-o ConnectTimeout=30 -T -l me -p 2222 -- far docker system dial-stdio",
    );
    expect(sshCommand(new URL("ssh://far")).join(" ")).toBe(
        "-o ConnectTimeout=30 -T -- far docker system dial-stdio",
    );
});

describe("credentials of docker login", () => {
    const write = (config: object) => writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    const env = () => ({ DOCKER_CONFIG: folder });

    test("are none without a login", async () => {
        expect(await credentialsFor("r.example.com/app", env())).toBeUndefined();
        write({ auths: { "other.example.com": { auth: basic("a:b") } } });
        expect(await credentialsFor("r.example.com/app", env())).toBeUndefined();
    });

    test.each([
        ["registry:3", "https://index.docker.io/v1/"],
        ["library/registry", "https://index.docker.io/v1/"],
        ["docker.io/library/registry", "https://index.docker.io/v1/"],
        ["localhost/app", "localhost"],
        ["r.example.com:5000/team/app:1", "r.example.com:5000"],
    ])("for %s are those of %s", async (image, registry) => {
        write({ auths: { [registry]: { auth: basic("a:b") } } });
        expect(await credentialsFor(image, env())).toMatchObject({ serveraddress: registry });
    });

    test("come from the registry's own helper, which may know of none, or not be there", async () => {
        const bin = join(folder, "bin");
        mkdirSync(bin);
        const helper = (name: string, script: string) =>
            writeFileSync(join(bin, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        helper("good", `read registry; echo '{"Username":"me","Secret":"from '"$registry"'"}'`);
        helper("token", `echo '{"Username":"<token>","Secret":"t"}'`);
        helper("none", "echo credentials not found; exit 1");
        const withBin = { ...env(), PATH: `${bin}:${process.env.PATH}` };
        const own = { "r.example.com": "good", "t.example.com": "token", "n.example.com": "none" };
        write({ credHelpers: own, credsStore: "not-there" });
        const of = (host: string) => credentialsFor(`${host}/app`, withBin);
        expect(await of("r.example.com")).toMatchObject({
            username: "me",
            password: "from r.example.com",
        });
        expect(await of("t.example.com")).toMatchObject({ identitytoken: "t" });
        expect(await of("n.example.com")).toBeUndefined();
        expect(await of("other.example.com")).toBeUndefined();
    });

    test("in a file that is none are told of", async () => {
        writeFileSync(join(folder, "config.json"), "{");
        await expect(credentialsFor("r.example.com/app", env())).rejects.toThrow(
            /config\.json is not valid JSON/,
        );
    });

    test("keep a colon in a password", async () => {
        write({ auths: { "r.example.com": { auth: basic("user:pass:word") } } });
        expect(await credentialsFor("r.example.com/app", env())).toEqual({
            username: "user",
            password: "pass:word",
            serveraddress: "r.example.com",
        });
    });
});

test("what passes is tried again, and nothing else", async () => {
    let tries = 0;
    const work = async () => {
        tries += 1;
        if (tries === 1) throw new Error("volume is in use - [1]");
        return "done";
    };
    expect(await retrying("volume is in use", 5000, work)).toBe("done");
    const broken = async () => {
        tries += 1;
        throw new Error("other");
    };
    tries = 0;
    await expect(retrying("volume is in use", 5000, broken)).rejects.toThrow("other");
    expect(tries).toBe(1);
});

test("a log's frames give its text, with letters that two frames share", () => {
    const frame = (stream: number, text: Buffer) => {
        const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
        header.writeUInt32BE(text.length, 4);
        return Buffer.concat([header, text]);
    };
    const letter = Buffer.from("ä");
    const log = [frame(1, Buffer.from("a\n")), frame(2, letter.subarray(0, 1)), frame(2, letter.subarray(1))];
    expect(logText(Buffer.concat(log))).toBe("a\nä");
});
