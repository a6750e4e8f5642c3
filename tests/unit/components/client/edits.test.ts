/** Merging into files of the client's own: nothing else changes, and what was added can be taken back. */
import fc from "fast-check";

import { type Edit, emptyLedger, type Outcome, planEdits, removalEdits } from "../../../../clients/edits";
import { addToList, MergeError, takeFromList } from "../../../../clients/json-list";
import { addLine, takeLine } from "../../../../clients/lines";
import { clientPlan, type PlanFacts } from "../../../../clients/plan";

const FILE = "/etc/docker/daemon.json";
const KEY = "insecure-registries";

/** JSON objects as people write them: indented or not, with the key or without. */
const documents = fc
    .tuple(
        fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }),
        fc.option(fc.array(fc.string(), { maxLength: 3 })),
        fc.constantFrom(0, 2, 4, "\t"),
        fc.constantFrom("", "\n", "\r\n"),
    )
    .map(([object, list, indent, end]) => {
        const whole = list === null ? object : { ...object, [KEY]: list };
        return JSON.stringify(whole, undefined, indent) + end;
    })
    .filter((text) => list(text) === undefined || Array.isArray(list(text)));
const list = (text: string) => (JSON.parse(text) as Record<string, unknown>)[KEY];
const values = fc.array(fc.string(), { minLength: 1, maxLength: 3 });

test("adding to a list and taking it back gives the very text", () => {
    fc.assert(
        fc.property(documents, values, (text, some) => {
            const { text: merged, added } = addToList(text, KEY, some, FILE);
            const { [KEY]: before = [], ...others } = JSON.parse(text) as Record<string, string[]>;
            const { [KEY]: after, ...kept } = JSON.parse(merged) as Record<string, string[]>;
            expect(kept).toEqual(others);
            expect(after).toEqual([...before, ...[...new Set(some)].filter((one) => !before.includes(one))]);
            expect(addToList(merged, KEY, some, FILE).text).toBe(merged);
            expect(takeFromList(merged, added, FILE)).toBe(text);
        }),
    );
});

test("what another hand adds in between stays when ours is taken back", () => {
    fc.assert(
        fc.property(
            documents,
            fc.uniqueArray(fc.string(), { minLength: 2 }),
            (text, [ours = "", theirs = ""]) => {
                fc.pre(!JSON.stringify(list(text) ?? []).includes(JSON.stringify(ours)));
                const first = addToList(text, KEY, [ours], FILE);
                const second = addToList(first.text, KEY, [theirs], FILE);
                const left = takeFromList(second.text, first.added, FILE) ?? "";
                expect(list(left)).toEqual(list(addToList(text, KEY, [theirs], FILE).text));
            },
        ),
    );
});

test("a file that was not there is made, and goes again", () => {
    const { text, added } = addToList(undefined, KEY, ["a:1"], FILE);
    expect(text).toBe('{\n    "insecure-registries": [\n        "a:1"\n    ]\n}\n');
    expect(takeFromList(text, added, FILE)).toBeUndefined();
    expect(takeFromList('{"insecure-registries":["a:1"],"debug":true}', added, FILE)).toBe('{"debug":true}');
});

test.each([
    ["a comment in it", "{} // mine", "is not valid JSON"],
    ["half a file", '{"debug": tr', "is not valid JSON"],
    ["a list", "[]", "holds no JSON object"],
    ["a list of numbers", `{"${KEY}": [1]}`, "is no list of strings"],
    ["a text for the list", `{"${KEY}": "a:1"}`, "is no list of strings"],
])("%s is refused and never written over", (_, text, problem) => {
    expect(() => addToList(text, KEY, ["a:1"], FILE)).toThrow(MergeError);
    expect(() => addToList(text, KEY, ["a:1"], FILE)).toThrow(problem);
    expect(() => addToList(text, KEY, ["a:1"], FILE)).toThrow("it is left as it is");
});

test("the file's own way of writing is kept", () => {
    const text = '{\n\t"a" : [1,2],\n\t"insecure-registries": [\n\t\t"x:1"\n\t],\n\t"z":{ }\n}';
    expect(addToList(text, KEY, ["y:2"], FILE).text).toBe(
        '{\n\t"a" : [1,2],\n\t"insecure-registries": [\n\t\t"x:1",\n\t\t"y:2"\n\t],\n\t"z":{ }\n}',
    );
});

test("adding a line and taking it back gives the very text", () => {
    fc.assert(
        fc.property(
            fc.array(fc.string()).map((lines) => lines.join("\n")),
            (text) => {
                fc.pre(text !== "");
                expect(takeLine(addLine(text, "a line of ours"), "a line of ours")).toBe(text);
            },
        ),
    );
});

const facts: PlanFacts = { address: "docker.example.com:5000", tls: false, caPem: "" };
const owner = { client: "docker", address: facts.address };
const mirrors = [{ endpoint: "http://docker.example.com:5001", upstream: "https://registry-1.docker.io" }];

/** A disk in memory. */
class Disk {
    constructor(readonly files: Record<string, string>) {}
    readonly read = (path: string) => {
        const text = this.files[path];
        return text === undefined ? undefined : Buffer.from(text);
    };
    write(edits: Edit[]): void {
        for (const { path, before, after, keepAs, dropKept } of edits) {
            if (keepAs !== undefined) this.files[keepAs] = before?.toString() ?? "";
            if (dropKept !== undefined) delete this.files[dropKept];
            if (after === undefined) delete this.files[path];
            else this.files[path] = after.toString();
        }
    }
}

const plans = {
    systemd: clientPlan("docker", "linux", { ...facts, mirrors, hostAddress: "192.0.2.7" }),
    upstart: clientPlan("docker", "linux", { ...facts, mirrors }, { upstart: true }),
    containerd: clientPlan("containerd", "linux", { ...facts, mirrors }),
    podman: clientPlan("podman", "linux", { ...facts, mirrors }),
};

test.each(Object.entries(plans))(
    "%s: applied twice is as once, and taken back gives what was there",
    (_, plan) => {
        const content = fc.option(documents.filter((text) => !text.includes("docker.example.com")));
        const lines = fc.option(
            fc.constantFrom("", "# mine\n", 'DOCKER_OPTS="--dns 192.0.2.1" # why', "\n\n"),
        );
        fc.assert(
            fc.property(content, lines, lines, lines, (json, opts, hosts, own) => {
                const all = {
                    [FILE]: json,
                    "/etc/default/docker": opts,
                    "/etc/hosts": hosts,
                    "/etc/containerd/certs.d/docker.io/hosts.toml": own,
                };
                const start = Object.fromEntries(
                    Object.entries(all).filter((file): file is [string, string] => file[1] !== null),
                );
                const disk = new Disk({ ...start });
                const first = planEdits(plan, owner, disk.read, emptyLedger());
                disk.write(first.edits);
                const again = planEdits(plan, owner, disk.read, first.ledger);
                expect(again.edits).toEqual([]);
                expect(again.ledger).toEqual(first.ledger);
                const removal = removalEdits(owner, disk.read, again.ledger);
                disk.write(removal.edits);
                expect(removal).toMatchObject({ ledger: emptyLedger(), left: [] });
                expect(disk.files).toEqual(start);
            }),
        );
    },
);

test("a value that was there before stays", () => {
    const text = '{"insecure-registries":["docker.example.com:5000"]}';
    const disk = new Disk({ [FILE]: text });
    const { edits, ledger } = planEdits(
        clientPlan("docker", "linux", facts),
        owner,
        disk.read,
        emptyLedger(),
    );
    expect({ edits, ledger }).toEqual({ edits: [], ledger: emptyLedger() });
    expect(removalEdits(owner, disk.read, ledger).edits).toEqual([]);
});

test("/etc/default/docker keeps its comments and options", () => {
    const text = '# Docker Upstart configuration\nDOCKER_OPTS="--dns 192.0.2.1"\n';
    const disk = new Disk({ "/etc/default/docker": text });
    disk.write(planEdits(plans.upstart, owner, disk.read, emptyLedger()).edits);
    expect(disk.files["/etc/default/docker"]).toBe(
        `${text}DOCKER_OPTS="$DOCKER_OPTS --insecure-registry docker.example.com:5000"\n` +
            'DOCKER_OPTS="$DOCKER_OPTS --insecure-registry docker.example.com:5001"\n' +
            'DOCKER_OPTS="$DOCKER_OPTS --registry-mirror http://docker.example.com:5001"\n',
    );
});

test("an option that DOCKER_OPTS has already is not added, one in a comment is", () => {
    const plan = clientPlan("docker", "linux", facts, { upstart: true });
    const edits = (text: string) =>
        planEdits(plan, owner, new Disk({ "/etc/default/docker": text }).read, emptyLedger()).edits.length;
    expect(edits('DOCKER_OPTS="-D --insecure-registry=docker.example.com:5000"')).toBe(0);
    expect(edits('#DOCKER_OPTS="--insecure-registry docker.example.com:5000"')).toBe(1);
    expect(edits('DOCKER_OPTS="--insecure-registry docker.example.com:50001"')).toBe(1);
});

test("a hosts file that has the name at another address is refused", () => {
    const disk = new Disk({ "/etc/hosts": "192.0.2.9 docker.example.com # old\n" });
    expect(() => planEdits(plans.systemd, owner, disk.read, emptyLedger())).toThrow(
        "has docker.example.com at 192.0.2.9, not at 192.0.2.7",
    );
});

test("a file that was changed since is left, and one that was replaced by us comes back", () => {
    const path = "/etc/containerd/certs.d/docker.io/hosts.toml";
    const disk = new Disk({ [path]: "# mine\n" });
    const client = { ...owner, client: "containerd" };
    const { edits, ledger } = planEdits(plans.containerd, client, disk.read, emptyLedger());
    disk.write(edits);
    const other = new Disk({ ...disk.files, [path]: "# changed\n" });
    disk.write(removalEdits(client, disk.read, ledger).edits);
    expect(disk.files).toEqual({ [path]: "# mine\n" });
    expect(removalEdits(client, other.read, ledger).left).toEqual([
        `${path} was changed since and stays as it is. What was there before is kept as ${path}.before-private-registry.`,
    ]);
});

const addresses = ({ ledger }: Outcome) =>
    ledger.files.flatMap(({ changes }) => changes.map((one) => one.owner.address));

test("what was added for another client or registry stays", () => {
    const disk = new Disk({});
    const first = planEdits(clientPlan("docker", "linux", facts), owner, disk.read, emptyLedger());
    disk.write(first.edits);
    const other = { client: "docker", address: "other.example.com:5000" };
    const plan = clientPlan("docker", "linux", { ...facts, address: other.address });
    const second = planEdits(plan, other, disk.read, first.ledger);
    disk.write(second.edits);
    const removal = removalEdits(other, disk.read, second.ledger);
    disk.write(removal.edits);
    expect(list(disk.files[FILE] ?? "")).toEqual([facts.address]);
    expect(addresses(removal)).toEqual([facts.address]);
});
