import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { resolveEndpoint, type Engine } from "../../../components/engine/client";
import { waitUntilHealthy } from "../../../plugins/docker/container-health";
import { messageOf, retrying } from "../../../components/engine/errors";
import { logText } from "../../../components/engine/logs";
import { credentialsFor, registryOf } from "../../../plugins/docker/registry-auth";
import { sshCommand } from "../../../components/engine/ssh";

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

test.each([
    ["registry:3", "https://index.docker.io/v1/"],
    ["library/registry", "https://index.docker.io/v1/"],
    ["docker.io/library/registry", "https://index.docker.io/v1/"],
    ["localhost/app", "localhost"],
    ["r.example.com:5000/team/app:1", "r.example.com:5000"],
])("%s is pulled from %s", (image, registry) => expect(registryOf(image)).toBe(registry));

describe("credentials of docker login", () => {
    const write = (config: object) => writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    const env = () => ({ DOCKER_CONFIG: folder });

    test("are none without a login", async () => {
        expect(await credentialsFor("r.example.com/app", env())).toBeUndefined();
        write({ auths: { "other.example.com": { auth: basic("a:b") } } });
        expect(await credentialsFor("r.example.com/app", env())).toBeUndefined();
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

test("the Engine's words come without what dockerode puts around them", () => {
    expect(messageOf(new Error("(HTTP code 500) server error - no space left "))).toBe("no space left");
    const answer = { message: "(HTTP code 409) conflict - x", json: { message: "volume is in use" } };
    expect(messageOf(answer)).toBe("volume is in use");
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

describe("a container that is waited for", () => {
    const engine = (state: object, restart = "no") => {
        const info = { Name: "/registry", State: state, HostConfig: { RestartPolicy: { Name: restart } } };
        return { getContainer: () => ({ inspect: async () => info }) } as unknown as Engine;
    };

    test("is healthy", async () => {
        const healthy = engine({ Running: true, Health: { Status: "healthy" } });
        await expect(waitUntilHealthy(healthy, "1", 1)).resolves.toBeUndefined();
    });

    test("needs a health check", async () => {
        await expect(waitUntilHealthy(engine({ Running: true }), "1", 1)).rejects.toThrow(
            /neither it nor its image/,
        );
    });

    test("tells what its last check said", async () => {
        const log = [{ ExitCode: 7, Output: "storage offline\n" }];
        const unhealthy = engine({ Running: true, Health: { Status: "unhealthy", Log: log } });
        await expect(waitUntilHealthy(unhealthy, "1", 0)).rejects.toThrow(
            /failed to be in healthy state in time: registry .* within 0 s, .* exit code 7: storage offline/,
        );
    });

    test("that ended for good is not waited for", async () => {
        const over = engine({ Running: false, ExitCode: 2, Health: { Status: "unhealthy" } });
        await expect(waitUntilHealthy(over, "1", 600)).rejects.toThrow(/it ended with exit code 2/);
    });
});
