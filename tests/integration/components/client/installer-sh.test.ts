/** client.sh in a real shell, on a folder that stands for the machine: taken back it leaves it as it was. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { installerFacts, renderClientSh } from "../../../../clients/installer";
import { clientPlan } from "../../../../clients/plan";
import { LONG } from "../../../e2e/long";
import { issue, type Issued } from "../../../unit/components/certs";

const root = mkdtempSync(join(tmpdir(), "private-registry-unit-sh-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const ADDRESS = "docker.example.com:8443";
const CA = `/etc/docker/certs.d/${ADDRESS}/ca.crt`;
const HOSTS = "/etc/containerd/certs.d/docker.io/hosts.toml";
const DAEMON = "/etc/docker/daemon.json";
const scripts: Record<string, string> = {};
let pem = "";
let pems: Issued[] = [];

beforeAll(async () => {
    const mirror = { endpoint: "https://docker.example.com:5443", upstream: "https://registry-1.docker.io" };
    const write = (name: string, ...facts: Parameters<typeof installerFacts>) => {
        scripts[name] = join(root, `${name}.sh`);
        writeFileSync(scripts[name], renderClientSh(installerFacts(...facts)));
    };
    const [one, two] = [await issue("CA", { ca: true }), await issue("CA 2", { ca: true })];
    pem = one.pem;
    pems = [one, two];
    write("both", `https://${ADDRESS}`, one.pem + two.pem, [mirror], "aa");
    write("first", `https://${ADDRESS}`, one.pem, [mirror], "aa");
    write("otherCa", `https://${ADDRESS}`, two.pem, [mirror], "aa");
    write("moved", "https://[2001:db8::1]:9443", two.pem, [], "aa");
    write("plain", "http://docker.example.com:5000", "", [], "aa");
    write("stranger", "https://stranger.example.com", two.pem, [], "bb");
});

let made = 0;
function machine(files: Record<string, string> = {}, folders: string[] = []): string {
    const folder = join(root, `machine-${made++}`);
    mkdirSync(folder);
    for (const path of folders) mkdirSync(folder + path, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(folder + path), { recursive: true });
        writeFileSync(folder + path, text);
        chmodSync(folder + path, 0o640);
    }
    return folder;
}

const CLIENTS = ["docker", "containerd", "podman", "system"];
const SHELLS = [["sh"], ["busybox", "sh"]].filter(
    ([program = "", ...args]) => spawnSync(program, [...args, "-c", ":"]).status === 0,
);

function run(
    folder: string,
    script: string,
    flags: string[] = [],
    env = process.env,
    shell = ["sh"],
    clients = CLIENTS,
) {
    const [program = "sh", ...args] = [
        ...shell,
        scripts[script] ?? "",
        "--root",
        folder,
        ...clients.flatMap((one) => ["--for", one]),
        ...flags,
    ];
    const { status, signal, stdout, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
    return { status, signal, screen: stdout + stderr };
}

/** Every path with type, mode, owner and bytes, of files the time as well. */
function snapshot(folder: string): string {
    const list =
        "find . -printf '%p %y %M %U:%G\\n' | sort; find . -type f -printf '%p %T@\\n' -exec cksum {} \\; | sort";
    return execFileSync("sh", ["-c", list], { cwd: folder, encoding: "utf8" });
}

const starts: Record<string, () => string> = {
    nothing: () => machine(),
    "empty folders": () =>
        machine({}, ["/etc/docker/certs.d", "/etc/containerd", "/var/lib/private-registry"]),
    "the very same CA": () =>
        machine({ [CA]: pem, "/usr/local/share/ca-certificates/docker.example.com.crt": pem }),
    "files of others": () =>
        machine({ [CA]: "a CA of mine\n", [HOSTS]: "# mine\n", [DAEMON]: "", "/etc/hosts": "a" }),
};

const ORDERS = [
    ["first"],
    ["first", "first"],
    ["first", "otherCa"],
    ["first", "both", "otherCa"],
    ["both", "first"],
    ["first", "otherCa", "moved", "first"],
    ["plain", "first", "moved", "plain"],
    ["first", "stranger"],
];
/** Each order from each start, in one of the shells, where not all are tried. */
const casesOf = (shell: string[]) =>
    Object.entries(starts).flatMap(([name, start], i) =>
        ORDERS.filter((_, j) => LONG || SHELLS[(i + j) % SHELLS.length] === shell).map(
            (order) => [name, order, start] as const,
        ),
    );

describe.each(SHELLS.map((shell) => [shell.join(" "), shell] as const))("%s", (_, shell) => {
    test.each(casesOf(shell))("%s, then %j and back", (_name, order, start) => {
        const folder = start();
        const before = snapshot(folder);
        for (const script of order)
            expect(run(folder, script, [], process.env, shell)).toMatchObject({ status: 0 });
        const last = order.at(-1) ?? "";
        expect(run(folder, last, ["--remove"], process.env, shell)).toMatchObject({ status: 0 });
        if (last === "stranger") {
            // Another deployment's stays, also its trust.
            expect(existsSync(folder + CA)).toBe(true);
            expect(run(folder, "first", ["--remove"], process.env, shell)).toMatchObject({ status: 0 });
        }
        expect(snapshot(folder)).toBe(before);
    });
});

test("while one CA takes another's place, the system trusts both, each by a file of its own", async () => {
    const [one, two] = pems as [Issued, Issued];
    const folder = machine();
    const store = `${folder}/usr/local/share/ca-certificates`;
    const leaves = await Promise.all(pems.map((issuer, i) => issue(`leaf ${i}`, { issuer })));
    /** Which leaves OpenSSL takes with the folder of hashes that `update-ca-certificates --fresh` makes. */
    const taken = () => {
        execFileSync("sh", ["-ec", 'find "$0" -type l -exec rm {} +; openssl rehash "$0"', store], {
            stdio: "pipe",
        });
        return leaves.map(({ pem: input }) => {
            const flags = ["verify", "-CApath", store, "-no-CAfile", "-no-CAstore"];
            return spawnSync("openssl", flags, { input }).status === 0;
        });
    };
    run(folder, "first");
    expect(taken()).toEqual([true, false]);
    expect(run(folder, "both").screen).toContain("then: update-ca-certificates --fresh");
    expect(taken()).toEqual([true, true]);
    expect(readFileSync(folder + CA, "utf8")).toBe(one.pem + two.pem);
    // As `npm run client` would have it.
    const plan = clientPlan("system", "linux", { address: ADDRESS, tls: true, caPem: one.pem + two.pem });
    for (const change of plan.changes)
        expect(readFileSync(folder + change.path, "utf8")).toBe(change.kind === "file" ? change.content : "");
    run(folder, "otherCa");
    expect(taken()).toEqual([false, true]);
    expect(readFileSync(folder + CA, "utf8")).toBe(two.pem);
    // What would be, were they in one.
    writeFileSync(`${store}/docker.example.com.crt`, one.pem + two.pem);
    expect(taken()).toEqual([false, false]);
});

test("applied twice it is as once", () => {
    const folder = machine({ [CA]: "a CA of mine\n" });
    run(folder, "first");
    const once = snapshot(folder);
    const { screen } = run(folder, "first");
    expect(screen).not.toContain("written");
    expect(snapshot(folder)).toBe(once);
});

test("a file that somebody changed since is neither written over nor removed, and nothing that was there is lost", () => {
    const folder = machine({ [CA]: "a CA of mine\n" });
    run(folder, "first");
    writeFileSync(folder + CA, "another of mine\n");
    const again = run(folder, "otherCa");
    expect(again).toMatchObject({ status: 3 });
    expect(again.screen).toContain(`${CA} was changed since, and stays`);
    expect(run(folder, "first", ["--remove"]).screen).toContain(`kept as ${folder}${CA}.before-client-sh`);
    expect(readFileSync(folder + CA, "utf8")).toBe("another of mine\n");
    expect(readFileSync(`${folder}${CA}.before-client-sh`, "utf8")).toBe("a CA of mine\n");
    expect(existsSync(`${folder}/var`)).toBe(false);
});

test("killed before any command that changes something, the next run ends right", () => {
    // Commands that change something, each of which counts and kills the shell when its number has come.
    const shims = join(root, "shims");
    mkdirSync(shims);
    for (const name of ["mkdir", "mv", "rm", "rmdir", "ln", "cp"]) {
        const real = execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
        const script = `#!/bin/sh\nn=$(($(cat "$COUNT") + 1)); echo $n > "$COUNT"\n[ $n != "$FATAL" ] || { kill -9 $PPID; exit 1; }\nexec ${real} "$@"\n`;
        writeFileSync(join(shims, name), script, { mode: 0o755 });
    }
    const count = join(root, "count");
    const first = (again: boolean, offset: number) => (LONG ? 1 : 1 + 2 * offset + (again ? 0 : 1));
    let kills = 0;
    // Each moment is met in one of the two starts, where not all are tried.
    for (const [offset, start] of [starts.nothing, starts["files of others"]].entries())
        for (const [before, killed] of [
            [[], ["first"]],
            [["first"], ["moved"]],
            [["first"], ["first", "--remove"]],
        ] as const)
            for (const again of [true, false])
                for (let fatal = first(again, offset), ended = false; !ended; fatal += LONG ? 1 : 4) {
                    const folder = start?.() ?? "";
                    const was = snapshot(folder);
                    for (const script of before) run(folder, script, [], process.env, ["sh"], ["docker"]);
                    writeFileSync(count, "0");
                    const env = {
                        ...process.env,
                        COUNT: count,
                        FATAL: String(fatal),
                        PATH: `${shims}:${process.env.PATH}`,
                    };
                    const [script, ...flags] = killed;
                    const result = run(folder, script, flags, env, ["sh"], ["docker"]);
                    ended = result.signal === null;
                    if (!ended) kills++;
                    else expect(result).toMatchObject({ status: 0 });
                    if (again)
                        expect(run(folder, script, flags, process.env, ["sh"], ["docker"])).toMatchObject({
                            status: 0,
                        });
                    const back = run(folder, script, ["--remove"], process.env, ["sh"], ["docker"]);
                    expect(back).toMatchObject({ status: 0 });
                    expect(`${script} ${flags.join()} ${fatal} ${again}\n${snapshot(folder)}`).toBe(
                        `${script} ${flags.join()} ${fatal} ${again}\n${was}`,
                    );
                }
    expect(kills).toBeGreaterThan(LONG ? 160 : 40);
}, 300_000);
