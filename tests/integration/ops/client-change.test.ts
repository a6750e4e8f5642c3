/** A machine, as a folder, before and after `npm run client`: byte for byte, also after faults between any two steps. */
import { mockSteps } from "./counted-fs";

import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import fc from "fast-check";

import { type Owner, planEdits, removalEdits } from "../../../clients/edits";
import { MergeError } from "../../../clients/json-list";
import { type Change, type Client, clientPlan, type PlanFacts } from "../../../clients/plan";
import { carryOut } from "../../../ops/client/change";
import { ClientFiles } from "../../../ops/client/files";
import { ClientRecord } from "../../../ops/client/record";
import { LONG } from "../../e2e/long";

const LEDGER = "/var/lib/private-registry/client.json";
const IDENTITY = "0123456789abcdef";
const root = fs.mkdtempSync(join(tmpdir(), "private-registry-unit-client-"));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** A machine of its own. */
class Box {
    private static made = 0;
    readonly folder = join(root, String(Box.made++));
    readonly files = new ClientFiles(this.folder, "/home/user");
    readonly record = new ClientRecord(this.files, LEDGER);

    constructor(start: Record<string, Start> = {}) {
        fs.mkdirSync(this.folder);
        for (const [path, { text, mode = 0o644, owner = 0 }] of Object.entries(start)) {
            const place = join(this.folder, path);
            fs.mkdirSync(text === undefined ? place : dirname(place), { recursive: true });
            if (text === undefined) continue;
            fs.writeFileSync(place, text);
            if (process.getuid?.() === 0) fs.chownSync(place, owner, owner);
            fs.chmodSync(place, mode);
        }
    }

    place(path: string): string {
        return join(this.folder, path);
    }

    text(path: string): string | undefined {
        return fs.existsSync(this.place(path)) ? fs.readFileSync(this.place(path), "utf8") : undefined;
    }

    apply(client: Client, facts: PlanFacts, upstart = false): void {
        const ledger = this.record.read();
        const plan = clientPlan(client, "linux", facts, { upstart });
        carryOut(
            this.files,
            this.record,
            ledger,
            planEdits(plan, owner(client, facts), this.files.read, ledger),
        );
    }

    remove(client: Client, facts: PlanFacts): string[] {
        const ledger = this.record.read();
        const outcome = removalEdits(owner(client, facts), this.files.read, ledger);
        carryOut(this.files, this.record, ledger, outcome);
        return outcome.left;
    }

    /** Path → type, mode, owner, time and bytes. Of folders not the time, which a file that comes and goes changes. */
    snapshot(): Record<string, string> {
        const found: Record<string, string> = {};
        const visit = (path: string) => {
            const stat = fs.lstatSync(this.place(path));
            const common = `${stat.mode.toString(8)} ${stat.uid}:${stat.gid}`;
            if (stat.isDirectory()) {
                found[path] = `folder ${common}`;
                for (const name of fs.readdirSync(this.place(path))) visit(join(path, name));
            } else if (stat.isSymbolicLink()) found[path] = `link to ${fs.readlinkSync(this.place(path))}`;
            else {
                const text = fs.readFileSync(this.place(path)).toString("latin1");
                found[path] = `file ${common} ${stat.mtimeMs} ${text}`;
            }
        };
        visit("/");
        return found;
    }
}

interface Start {
    /** Nothing: an empty folder. */
    text?: string | undefined;
    mode?: number;
    owner?: number;
}

const owner = (client: Client, { address }: PlanFacts): Owner => ({ client, address, identity: IDENTITY });

const NAMES = ["docker.example.com", "other.example.com"];
const CAS = ["CA one\n", "CA two\n"];
const mirror = { endpoint: "https://docker.example.com:5443", upstream: "https://registry-1.docker.io" };
const factsOf = (name: number, port: number, ca: number, mirrors: boolean, ip: number | null): PlanFacts => ({
    address: `${NAMES[name] ?? ""}:${port}`,
    tls: ca < CAS.length,
    caPem: CAS[ca] ?? "",
    mirrors: mirrors ? [mirror] : [],
    hostAddress: ip === null ? undefined : `192.0.2.${ip}`,
});
const facts = factsOf(0, 5000, 0, true, 7);

const someFacts = fc
    .tuple(fc.nat(1), fc.constantFrom(5000, 8443), fc.nat(2), fc.boolean(), fc.option(fc.constantFrom(7, 8)))
    .map((all) => factsOf(...all));
const CLIENTS: Client[] = ["docker", "containerd", "podman", "system", "docker-desktop", "docker-rootless"];
CLIENTS.push("buildkit", "helm", "k3s", "rke2");

/** What may be there before: files with what we would write or something else, and empty folders. */
const startOf = (paths: string[]) => {
    const texts = (path: string) => {
        if (path.endsWith(".json"))
            return ["{}", '{\n\t"debug" : true\n}', '{"registry-mirrors":["https://m.example.com"]}\n'];
        if (path.endsWith(".yaml"))
            return ["", "# mine\n", "mirrors:\n  docker.io:\n    endpoint:\n      - https://m.example.com\n"];
        return [...CAS, "# mine\n", "", "no end of a line", "\xEF\xBB\xBF# with a BOM\r\n"];
    };
    const one = (path: string) =>
        fc.option(
            fc.record({
                text: fc.constantFrom(...texts(path)),
                mode: fc.constantFrom(0o644, 0o600, 0o440),
                owner: fc.constantFrom(0, 12345),
            }),
            { nil: undefined },
        );
    const folder = (path: string) =>
        fc.option(fc.constant({} as Start), { nil: undefined }).map((is) => [path, is]);
    return fc
        .tuple(
            fc.record(Object.fromEntries(paths.map((path) => [path, one(path)]))),
            fc.tuple(
                folder("/etc/docker/certs.d"),
                folder("/var/lib/private-registry"),
                folder("/etc/buildkit"),
            ),
            fc.constant<[string, Start][]>([["/etc", {}]]),
        )
        .map(([files, ...folders]): Record<string, Start> =>
            Object.fromEntries(
                [...Object.entries(files), ...folders.flat()].filter(([, is]) => is !== undefined) as [
                    string,
                    Start,
                ][],
            ),
        );
};
const pathsOf = (client: Client, all: PlanFacts, upstart = false) =>
    clientPlan(client, "linux", all, { upstart }).changes.map(({ path }: Change) =>
        path.replace("~", "/home/user"),
    );
const PATHS = [
    ...new Set([...CLIENTS.flatMap((one) => pathsOf(one, facts)), ...pathsOf("docker", facts, true)]),
];

type Step = { client: Client; facts: PlanFacts; upstart: boolean; remove: boolean };
const steps = fc.array(
    fc.record<Step>({
        client: fc.constantFrom(...CLIENTS),
        facts: someFacts,
        upstart: fc.boolean(),
        remove: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
);
const take = (box: Box, { client, facts, upstart, remove }: Step) => {
    if (remove) expect(box.remove(client, facts)).toEqual([]);
    else
        try {
            box.apply(client, facts, upstart);
        } catch (error) {
            // Such as a name at two addresses: then nothing is changed at all.
            if (!(error instanceof MergeError)) throw error;
        }
};
/** By another address: the deployment's identity tells that it is the same. */
const removeAll = (box: Box) =>
    CLIENTS.flatMap((client) => box.remove(client, factsOf(0, 1, 0, false, null)));

test("whatever is applied in whatever order, taken back it leaves the machine as it was", () => {
    fc.assert(
        fc.property(startOf(PATHS), steps, (start, all) => {
            const box = new Box(start);
            const before = box.snapshot();
            for (const step of all) take(box, step);
            expect(removeAll(box)).toEqual([]);
            expect(box.snapshot()).toEqual(before);
        }),
        { numRuns: LONG ? 300 : 75 },
    );
}, 120_000);

test("applied twice it is as once, files and record", () => {
    fc.assert(
        fc.property(startOf(PATHS), steps, (start, all) => {
            const box = new Box(start);
            for (const step of all) {
                take(box, step);
                const once = box.snapshot();
                take(box, step);
                expect(box.snapshot()).toEqual(once);
            }
        }),
        { numRuns: LONG ? 100 : 25 },
    );
}, 120_000);

test("killed at any step of applying or taking back, the next run ends right", () => {
    const starts: Record<string, Start>[] = [
        { "/etc": {} },
        Object.fromEntries(
            PATHS.map((path) => {
                const text = path.endsWith(".json")
                    ? '{"debug":true}'
                    : path.endsWith(".yaml")
                      ? "# mine\n"
                      : "# mine\n";
                return [path, { text, mode: 0o640, owner: 12345 }];
            }),
        ),
    ];
    const changed = factsOf(1, 8443, 1, true, 8);
    const scenarios: Record<string, (box: Box, client: Client, act: (run: () => void) => void) => void> = {
        "an apply, and applied again": (box, client, act) => act(() => box.apply(client, facts)),
        "an apply with other facts": (box, client, act) => {
            box.apply(client, facts);
            act(() => box.apply(client, changed));
        },
        "a removal": (box, client, act) => {
            box.apply(client, facts);
            act(() => void box.remove(client, facts));
        },
    };
    let kills = 0;
    for (const start of starts)
        for (const client of ["docker", "containerd", "k3s", "buildkit"] as const)
            for (const [name, scenario] of Object.entries(scenarios))
                // Where the killed one is run again, and where it is taken back at once; each moment in one of them, where not all are tried.
                for (const [offset, again] of [true, false].entries())
                    for (let fatal = LONG ? 1 : 1 + offset, killed = true; killed; fatal += LONG ? 1 : 2) {
                        const box = new Box(start);
                        const before = box.snapshot();
                        scenario(box, client, (run) => {
                            Object.assign(mockSteps, { count: 0, fatal });
                            try {
                                run();
                                killed = false;
                            } catch (error) {
                                expect((error as Error).message).toBe("killed");
                                kills++;
                            } finally {
                                mockSteps.fatal = Infinity;
                            }
                            if (killed && again) run();
                        });
                        const left = box.remove(client, facts);
                        expect({ name, client, fatal, again, left, after: box.snapshot() }).toEqual({
                            ...{ name, client, fatal, again, left: [] },
                            after: before,
                        });
                    }
    expect(kills).toBeGreaterThan(LONG ? 500 : 250);
}, 300_000);

describe("what somebody changes in between", () => {
    test("in files that are merged into stays, and only what was added goes", () => {
        const json = fc.constantFrom("{}", '{\n    "debug": true\n}\n', '{"log-level":"warn"}');
        const edit = fc.record({ edit: fc.constantFrom("json", "hosts", "none"), step: steps });
        fc.assert(
            fc.property(json, fc.array(edit, { minLength: 1, maxLength: 4 }), (text, all) => {
                const box = new Box({
                    "/etc/docker/daemon.json": { text },
                    "/etc/hosts": { text: "127.0.0.1 a\n" },
                });
                const before = box.snapshot();
                let hosts = box.text("/etc/hosts") ?? "";
                const daemon = JSON.parse(text) as Record<string, unknown>;
                all.forEach(({ edit, step }, i) => {
                    for (const one of step.filter(({ client }) => client !== "docker-desktop"))
                        take(box, one);
                    if (edit === "hosts") {
                        fs.appendFileSync(box.place("/etc/hosts"), `198.51.100.${i} mine\n`);
                        hosts += `198.51.100.${i} mine\n`;
                    } else if (edit === "json") {
                        const now = JSON.parse(box.text("/etc/docker/daemon.json") ?? "{}") as object;
                        const next = JSON.stringify({ ...now, [`key-${i}`]: i }, undefined, 2);
                        fs.writeFileSync(box.place("/etc/docker/daemon.json"), next);
                        daemon[`key-${i}`] = i;
                    }
                });
                expect(removeAll(box)).toEqual([]);
                expect(box.text("/etc/hosts")).toBe(hosts);
                expect(JSON.parse(box.text("/etc/docker/daemon.json") ?? "")).toEqual(daemon);
                expect(Object.keys(box.snapshot())).toEqual(Object.keys(before));
            }),
            { numRuns: LONG ? 200 : 50 },
        );
    }, 120_000);

    const path = `/etc/containerd/certs.d/${facts.address}/hosts.toml`;

    test("in a file of the kit's own stays, and is never written over", () => {
        const box = new Box();
        box.apply("containerd", facts);
        fs.writeFileSync(box.place(path), "# mine\n");
        const before = box.snapshot();
        expect(() => box.apply("containerd", facts)).toThrow("was changed since `npm run client` wrote it");
        expect(box.snapshot()).toEqual(before);
        expect(box.remove("containerd", facts)).toEqual([`${path} was changed since and stays as it is.`]);
        expect(Object.keys(box.snapshot())).toEqual([
            ...["/", "/etc", "/etc/containerd", "/etc/containerd/certs.d", dirname(path), path],
        ]);
    });

    test("over a file of his own, both are there after", () => {
        const box = new Box({ [path]: { text: "# first\n" } });
        box.apply("containerd", facts);
        fs.writeFileSync(box.place(path), "# second\n");
        expect(box.remove("containerd", facts)).toEqual([
            `${path} was changed since and stays as it is. What was there before is kept as ${path}.before-private-registry.`,
        ]);
        expect([box.text(path), box.text(`${path}.before-private-registry`)]).toEqual([
            "# second\n",
            "# first\n",
        ]);
        expect(box.text(LEDGER)).toBeUndefined();
    });

    test("a file that he removed does not come back, and what was there before is kept", () => {
        const box = new Box({ "/etc/docker/daemon.json": { text: '{"debug":true}' } });
        const plain = { ...facts, tls: false, caPem: "" };
        box.apply("docker", plain);
        fs.rmSync(box.place("/etc/docker/daemon.json"));
        expect(box.remove("docker", plain)).toEqual([
            "/etc/docker/daemon.json was removed since. What was there before is kept as /etc/docker/daemon.json.before-private-registry.",
        ]);
        expect(box.text("/etc/docker/daemon.json")).toBeUndefined();
        expect(box.text("/etc/docker/daemon.json.before-private-registry")).toBe('{"debug":true}');
    });

    test("his mode of a file stays", () => {
        const box = new Box({ "/etc/hosts": { text: "127.0.0.1 a\n", mode: 0o644 } });
        box.apply("docker", facts);
        fs.chmodSync(box.place("/etc/hosts"), 0o600);
        removeAll(box);
        expect(fs.statSync(box.place("/etc/hosts")).mode & 0o777).toBe(0o600);
    });
});

test("the first copy is kept beside the file, whatever is applied after", () => {
    const path = "/etc/docker/daemon.json";
    const box = new Box({
        [path]: { text: '{"debug":true}' },
        [`${path}.before-private-registry`]: { text: "mine" },
    });
    const plain = { ...facts, tls: false, caPem: "" };
    for (const port of [5000, 5001, 5002])
        box.apply("docker", { ...plain, address: `docker.example.com:${port}` });
    expect(box.text(`${path}.before-private-registry`)).toBe("mine");
    expect(box.text(`${path}.before-private-registry-2`)).toBe('{"debug":true}');
    expect(JSON.parse(box.text(path) ?? "")).toMatchObject({
        "insecure-registries": ["docker.example.com:5002", "docker.example.com:5443"],
    });
});

test("two deployments, and two clients with one line in the hosts file, leave each other alone", () => {
    const box = new Box({ "/etc/hosts": { text: "127.0.0.1 a\n" } });
    const before = box.snapshot();
    const ledger = () => box.record.read();
    const other = { client: "docker", address: "third.example.com:1", identity: "ffff" };
    const plan = clientPlan("docker", "linux", { ...facts, address: other.address });
    box.apply("docker", facts);
    carryOut(box.files, box.record, ledger(), planEdits(plan, other, box.files.read, ledger()));
    box.apply("containerd", facts);
    box.remove("docker", facts);
    expect(box.text("/etc/hosts")).toContain("192.0.2.7 docker.example.com\n");
    expect(box.text("/etc/docker/certs.d/third.example.com:1/ca.crt")).toBe(facts.caPem);
    box.remove("containerd", facts);
    expect(box.text("/etc/hosts")).toContain("192.0.2.7 third.example.com\n");
    carryOut(box.files, box.record, ledger(), removalEdits(other, box.files.read, ledger()));
    expect(box.snapshot()).toEqual(before);
});

test("the record is for its owner alone: it holds what others have in their files", () => {
    const box = new Box({ "/etc/docker/daemon.json": { text: "{}", mode: 0o600 } });
    box.apply("docker", { ...facts, tls: false, caPem: "" });
    expect(fs.statSync(box.place(LEDGER)).mode & 0o777).toBe(0o600);
});

test.each([
    [
        "a link that leads nowhere",
        (place: string) => fs.symlinkSync("nowhere", place),
        "is a link that leads nowhere",
    ],
    ["a folder", (place: string) => fs.mkdirSync(place), "is no file"],
])("%s in a file's place is one sentence, and nothing is changed", (_, make, sentence) => {
    const path = `/etc/docker/certs.d/${facts.address}/ca.crt`;
    const box = new Box({ [dirname(path)]: {} });
    make(box.place(path));
    const before = box.snapshot();
    expect(() => box.apply("docker", facts)).toThrow(sentence);
    expect(box.snapshot()).toEqual(before);
});

test("a link that leads to a file stays one; one that leads out of the root is refused", () => {
    const box = new Box({ "/srv/hosts": { text: "127.0.0.1 a\n" }, "/etc": {} });
    fs.symlinkSync("../srv/hosts", box.place("/etc/hosts"));
    const before = box.snapshot();
    box.apply("docker", facts);
    expect(box.text("/srv/hosts")).toContain("docker.example.com");
    removeAll(box);
    expect(box.snapshot()).toEqual(before);
    const outside = join(root, "outside");
    fs.writeFileSync(outside, "127.0.0.1 a\n");
    fs.rmSync(box.place("/etc/hosts"));
    fs.symlinkSync(outside, box.place("/etc/hosts"));
    expect(() => box.apply("docker", facts)).toThrow(`out of ${box.folder}`);
    expect(fs.readFileSync(outside, "utf8")).toBe("127.0.0.1 a\n");
});

test("what version 0.1 recorded is taken back, with its copies and its folders", () => {
    const daemon = "/etc/docker/daemon.json";
    const ca = "/etc/docker/certs.d/docker.example.com:5000/ca.crt";
    const of = { client: "docker", address: "docker.example.com:5000" };
    const ledger = [
        { ...of, kind: "file", path: ca, content: "CA one\n", original: null },
        {
            ...of,
            kind: "list",
            path: daemon,
            key: "insecure-registries",
            values: ["a:1"],
            newKey: true,
            newFile: false,
        },
        { ...of, kind: "line", path: "/etc/hosts", line: "192.0.2.7 docker.example.com", newFile: false },
    ];
    const box = new Box({
        [ca]: { text: "CA one\n" },
        [daemon]: { text: '{"debug":true, "insecure-registries": ["a:1"]}' },
        // Of a second run, as 0.1 made it.
        [`${daemon}.before-private-registry`]: { text: '{"debug":true, "insecure-registries": ["a:1"]}' },
        "/etc/hosts": { text: "127.0.0.1 a\n192.0.2.7 docker.example.com\n" },
        [LEDGER]: { text: JSON.stringify(ledger) },
    });
    box.remove("docker", facts);
    expect(Object.keys(box.snapshot())).toEqual([
        ...["/", "/etc", "/etc/docker", "/etc/docker/certs.d", daemon, "/etc/hosts", "/var", "/var/lib"],
    ]);
    expect([box.text(daemon), box.text("/etc/hosts")]).toEqual(['{"debug":true}', "127.0.0.1 a\n"]);
});
