/** What a pod does with the folder of its node's containerd: whose it is, and when it goes. */
import { type ChildProcess, spawn } from "node:child_process";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nodeScript } from "../../../components/kubernetes/trust-nodes";

const ADDRESS = "docker.example.com:8443";

describe("the folder of a node's containerd", () => {
    let folder: string;
    let running: ChildProcess[];
    const own = () => join(folder, "node", ADDRESS);
    const text = (name: string) => readFileSync(join(own(), name), "utf8");

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "private-registry-trust-"));
        mkdirSync(join(folder, "node"));
        running = [];
    });
    afterEach(async () => {
        for (const one of running)
            if (one.exitCode === null && one.signalCode === null) await end(one, "SIGKILL");
        rmSync(folder, { recursive: true });
    });

    /** A pod with the files of a version. */
    function pod(
        name: string,
        version: string,
        identity = "0123456789abcdef",
        addresses = [ADDRESS],
    ): ChildProcess & { told: string } {
        const files = join(folder, `files-${name}`);
        for (const address of addresses) {
            mkdirSync(join(files, address), { recursive: true });
            writeFileSync(join(files, address, "ca.crt"), `ca ${version}`);
            writeFileSync(join(files, address, "hosts.toml"), `hosts ${version}`);
        }
        const env = { PATH: process.env.PATH, IDENTITY: identity, HOSTNAME: name };
        const started = spawn("/bin/sh", ["-c", nodeScript(files, join(folder, "node"), 0.1)], { env });
        const made = Object.assign(started, { told: "" });
        started.stderr.on("data", (chunk: Buffer) => (made.told += chunk.toString()));
        running.push(made);
        return made;
    }
    const end = (of: ChildProcess, signal: NodeJS.Signals = "SIGTERM") =>
        new Promise<void>((resolve) => {
            of.once("exit", () => resolve());
            of.kill(signal);
        });
    async function eventually(what: () => boolean): Promise<void> {
        for (const until = Date.now() + 10_000; !what();) {
            if (Date.now() > until) throw new Error(`It does not come to that: ${what.toString()}`);
            await new Promise((wait) => setTimeout(wait, 20));
        }
    }
    const has = (version: string) => () =>
        existsSync(join(own(), "hosts.toml")) && text("hosts.toml") === `hosts ${version}`;

    test("is written, and taken away with the pod", async () => {
        const one = pod("one", "1");
        await eventually(has("1"));
        expect(readdirSync(own()).sort()).toEqual([".private-registry", "ca.crt", "hosts.toml"]);
        await end(one);
        expect(readdirSync(join(folder, "node"))).toEqual([]);
    });

    test("is there all the time while one version takes the place of another", async () => {
        const one = pod("one", "1");
        await eventually(has("1"));
        const two = pod("two", "2");
        await eventually(has("2"));
        await end(one);
        expect(text("hosts.toml")).toBe("hosts 2");
        expect(text("ca.crt")).toBe("ca 2");
        await end(two);
        expect(existsSync(own())).toBe(false);
    });

    test("of somebody else stays as it is, until he takes it away", async () => {
        mkdirSync(own());
        writeFileSync(join(own(), "hosts.toml"), "theirs");
        const one = pod("one", "1");
        await eventually(() => one.told.includes("somebody else"));
        expect(text("hosts.toml")).toBe("theirs");
        await end(one);
        expect(readdirSync(own())).toEqual(["hosts.toml"]);
        const two = pod("two", "1");
        rmSync(own(), { recursive: true });
        await eventually(has("1"));
        await end(two);
    });

    test("of another deployment stays as it is", async () => {
        const other = pod("other", "1", "fedcba9876543210");
        await eventually(has("1"));
        const one = pod("one", "2");
        await eventually(() => one.told.includes("somebody else"));
        await end(one);
        expect(text("hosts.toml")).toBe("hosts 1");
        await end(other);
        expect(existsSync(own())).toBe(false);
    });

    test("of a pod that was killed is taken over, half written or whole", async () => {
        const one = pod("one", "1");
        await eventually(has("1"));
        await end(one, "SIGKILL");
        rmSync(join(own(), "ca.crt"));
        const two = pod("two", "2");
        await eventually(() => has("2")() && existsSync(join(own(), "ca.crt")));
        await end(two);
        expect(existsSync(own())).toBe(false);
        mkdirSync(own());
        const three = pod("three", "3");
        await eventually(has("3"));
        await end(three);
        expect(existsSync(own())).toBe(false);
    });

    test("of a mirror comes beside it, and goes with the mirror", async () => {
        const folders = () => readdirSync(join(folder, "node")).sort();
        const both = [ADDRESS, "docker.io"];
        const one = pod("one", "1", undefined, both);
        await eventually(() => folders().length === 2 && has("1")());
        const two = pod("two", "2");
        await eventually(has("2"));
        await end(one);
        expect(folders()).toEqual([ADDRESS]);
        expect(text("hosts.toml")).toBe("hosts 2");
        const three = pod("three", "3", undefined, both);
        await eventually(() => folders().length === 2 && has("3")());
        await end(two);
        await end(three, "SIGKILL");
        const four = pod("four", "4");
        await eventually(() => has("4")() && folders().length === 1);
        await end(four);
        expect(folders()).toEqual([]);
    });

    test("is made anew where somebody removed it, and what somebody put there stays", async () => {
        const one = pod("one", "1");
        await eventually(has("1"));
        rmSync(own(), { recursive: true });
        await eventually(has("1"));
        writeFileSync(join(own(), "client.cert"), "theirs");
        await end(one);
        expect(readdirSync(own())).toEqual(["client.cert"]);
    });
});
