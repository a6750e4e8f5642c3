/** What the state knows of and the Engine does not have is found without Pulumi. */
import {
    type StateResource,
    knownObjects,
    lacking,
    lackingText,
    stateHost,
    unfinished,
} from "../../../setup/presence";

const container = (id: string, inputs: object = {}): StateResource => ({
    urn: `urn:${id}`,
    type: "docker:index/container:Container",
    id,
    inputs: { ...inputs },
    outputs: { name: `name-${id}` },
});
const STATE: StateResource[] = [
    { urn: "urn:stack", type: "pulumi:pulumi:Stack" },
    { urn: "urn:p", type: "pulumi:providers:docker", id: "p", inputs: { host: "ssh://a" } },
    container("runs", { start: true, mustRun: true }),
    container("writer", { start: false, mustRun: false }),
    { ...container("going"), delete: true },
    { urn: "urn:net", type: "docker:index/network:Network", id: "net", outputs: { name: "n" } },
    { urn: "urn:data", type: "docker:index/volume:Volume", id: "data", outputs: { name: "data" } },
];
const ALL = {
    containers: new Map([
        ["runs", "running"],
        ["writer", "created"],
    ]),
    networks: new Set(["net"]),
    volumes: new Set(["data"]),
};
const without = (over: Partial<typeof ALL>) => lackingText(lacking(knownObjects(STATE), { ...ALL, ...over }));

test("nothing is lacking where all is there", () => {
    expect(lacking(knownObjects(STATE), ALL)).toEqual([]);
});

test.each([
    [
        "a container that was removed",
        { containers: new Map([["writer", "created"]]) },
        "container name-runs (gone)",
    ],
    [
        "a container that was stopped",
        { containers: new Map([...ALL.containers, ["runs", "exited"]]) },
        "container name-runs (exited)",
    ],
    [
        "a writer that was removed",
        { containers: new Map([["runs", "running"]]) },
        "container name-writer (gone)",
    ],
    ["a network that was pruned", { networks: new Set<string>() }, "network n (gone)"],
    ["a volume that was pruned", { volumes: new Set<string>() }, "volume data (gone)"],
])("%s is lacking", (_what, over, text) => {
    expect(without(over)).toBe(text);
});

test("an Engine with a new data root lacks all", () => {
    const none = {
        containers: new Map<string, string>(),
        networks: new Set<string>(),
        volumes: new Set<string>(),
    };
    expect(lacking(knownObjects(STATE), none).map(({ id }) => id)).toEqual(["runs", "writer", "net", "data"]);
});

test("the state tells which Engine its objects are in", () => {
    expect(stateHost(STATE)).toBe("ssh://a");
    expect(stateHost([container("a")])).toBeUndefined();
});

test("what was to be done once and did not end well is done again", () => {
    const task = (id: string, outputs: object, more: object = {}): StateResource => ({
        ...container(id, { attach: true }),
        outputs: { name: id, ...outputs },
        ...more,
    });
    expect(
        unfinished([
            ...STATE,
            task("done", { exitCode: 0 }),
            task("refused", { exitCode: 3 }),
            task("broken-off", { exitCode: null }),
            task("unknown", {}),
            task("going", { exitCode: 1 }, { delete: true }),
        ]),
    ).toEqual(["urn:refused", "urn:broken-off", "urn:unknown"]);
});
