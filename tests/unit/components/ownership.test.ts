/** Whose an object of the Engine is, and what is said of one that is not the deployment's. */
import { speak } from "../../../components/definition/mend";
import { commands } from "../../../config/print";
import {
    type EngineObject,
    foreignSentences,
    type Kind,
    type Plan,
    type Proof,
    split,
} from "../../../components/deployment/survey";
import { collide } from "../../../address/address";
import { listeners, mayListenAt, portProblems } from "../../../components/deployment/ports";
import { standInBody } from "../../../components/deployment/restore";
import {
    IDENTITY_LABEL,
    OWNER_LABEL,
    STACK_KEY_LABEL,
    STACK_LABEL,
    STAND_IN_LABEL,
} from "../../../components/deployment/hardening";

// As the kit's own program says it.
speak(commands);

const object = (kind: Kind, name: string, labels = {}, more: Partial<EngineObject> = {}): EngineObject => ({
    kind,
    name,
    id: `id of ${name}`,
    labels,
    since: new Date("2026-01-02T03:04:05Z"),
    volumes: [],
    ports: [],
    running: true,
    ...more,
});
const plan: Plan = {
    containers: new Set(["kit-dev"]),
    networks: new Set(["kit-dev"]),
    volumes: new Map([
        ["kit-dev-data", { data: true, given: false }],
        ["kit-dev-config", { data: false, given: false }],
        ["brought", { data: true, given: true }],
    ]),
};
const proof = (more: Partial<Proof> = {}): Proof => ({
    identities: new Set(["ours"]),
    adopted: new Set(),
    ...more,
});
const of = (identity: string, more = {}) => ({
    [OWNER_LABEL]: "kit-dev",
    [IDENTITY_LABEL]: identity,
    [STACK_LABEL]: "kit/dev",
    ...more,
});
const foreign = (objects: EngineObject[], given = proof()) =>
    split(objects, plan, given).foreign.map(({ kind, name }) => `${kind} ${name}`);

describe("an object is the deployment's own", () => {
    test.each<[string, EngineObject[], Partial<Proof>, boolean]>([
        ["by the identity", [object("container", "kit-dev", of("ours"))], {}, true],
        ["not by the prefix", [object("container", "kit-dev", of("theirs"))], {}, false],
        ["not without labels", [object("container", "kit-dev")], {}, false],
        [
            "not where it is stopped either",
            [object("container", "kit-dev", {}, { running: false })],
            {},
            false,
        ],
        ["not a network of that name", [object("network", "kit-dev", of("theirs"))], {}, false],
        ["by an adopted name", [object("network", "kit-dev")], { adopted: new Set(["kit-dev"]) }, true],
        [
            "by an adopted identity",
            [object("network", "kit-dev", of("theirs"))],
            { identities: new Set(["theirs"]) },
            true,
        ],
        [
            "of version 0.1, not by itself",
            [object("container", "kit-dev", { [OWNER_LABEL]: "kit-dev" })],
            {},
            false,
        ],
        [
            "of version 0.1, once shown",
            [object("container", "kit-dev", { [OWNER_LABEL]: "kit-dev" })],
            { legacy: "kit-dev" },
            true,
        ],
        [
            "with another identity, whatever was shown of 0.1",
            [object("container", "kit-dev", of("theirs"))],
            { legacy: "kit-dev" },
            false,
        ],
        [
            "a data volume by its stack's key",
            [object("volume", "kit-dev-data", of("before", { [STACK_KEY_LABEL]: "key" }))],
            { stackKey: "key" },
            true,
        ],
        [
            "not by another stack's",
            [object("volume", "kit-dev-data", of("before", { [STACK_KEY_LABEL]: "other" }))],
            { stackKey: "key" },
            false,
        ],
        ["not by a key that neither has", [object("volume", "kit-dev-data", of("before"))], {}, false],
        [
            "no other volume by a key",
            [object("volume", "kit-dev-config", of("before", { [STACK_KEY_LABEL]: "key" }))],
            { stackKey: "key" },
            false,
        ],
        ["a volume that the user made and named", [object("volume", "brought")], {}, true],
        ["not one that another deployment made", [object("volume", "brought", of("theirs"))], {}, false],
    ])("%s", (_name, objects, given, own) => {
        expect(foreign(objects, proof(given)).length === 0).toBe(own);
    });

    test("a volume by the deployment's own container that has it, and not where another deployment's has it", () => {
        const volume = object("volume", "kit-dev-data", { [OWNER_LABEL]: "kit-dev" });
        const user = (identity: string) =>
            object("container", "some", of(identity), { volumes: ["kit-dev-data"], running: false });
        expect(foreign([volume, user("ours")])).toEqual([]);
        expect(foreign([volume, user("theirs")])).toEqual(["volume kit-dev-data"]);
        const kept = object("volume", "kit-dev-data", of("before", { [STACK_KEY_LABEL]: "key" }));
        expect(foreign([kept, user("theirs")], proof({ stackKey: "key" }))).toEqual(["volume kit-dev-data"]);
    });

    test("what has another name is nobody's business", () => {
        expect(split([object("container", "kit-dev-2"), object("volume", "kit-dev")], plan, proof())).toEqual(
            {
                own: [],
                foreign: [],
            },
        );
    });
});

test("each owner gets one sentence: what, whose, since when, the ways out; the commands do not overwrite each other", () => {
    const sentences = foreignSentences(
        [
            object("container", "kit-dev", of("theirs")),
            object("network", "kit-dev", of("theirs")),
            object("volume", "kit-dev-data", { [OWNER_LABEL]: "kit-dev" }),
            object("container", "other", {}, { image: "nginx:1.30" }),
        ],
        1,
    );
    expect(sentences).toHaveLength(3);
    expect(sentences[0]).toMatch(
        /^The container kit-dev and the network kit-dev are of another deployment: kit\/dev, there since 2026-01-02 03:04 UTC\. .*pulumi stack init NAME.*dockerHost.*'adopt\[1\]' theirs$/,
    );
    expect(sentences[1]).toMatch(
        /^The volume kit-dev-data is of a deployment kit-dev that version 0\.1 .*'adopt\[2\]' kit-dev-data$/,
    );
    expect(sentences[2]).toMatch(
        /^The container other was not made by this kit, from the image nginx:1\.30, .*docker rm -f other.*'adopt\[3\]' other$/,
    );
});

describe("ports", () => {
    test("the kernel's table", () => {
        const table = [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1",
            "   1: 0100007F:1F91 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 1",
            "   2: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000",
            "   3: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000",
            "   4: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000",
        ].join("\n");
        expect(listeners(table)).toEqual([
            { ip: "127.0.0.1", port: 8080 },
            { ip: "::", port: 443 },
            { ip: "127.0.0.1", port: 80 },
            { ip: "::1", port: 81 },
        ]);
    });

    test("collide where both have the address, or one has all", () => {
        const at = (ip: string) => ({ ip, port: 1 });
        expect(collide(at("0.0.0.0"), at("127.0.0.1"))).toBe(true);
        expect(collide(at("::"), at("127.0.0.1"))).toBe(true);
        expect(collide(at("127.0.0.2"), at("127.0.0.1"))).toBe(false);
        expect(collide(at("127.0.0.1"), { ip: "127.0.0.1", port: 2 })).toBe(false);
        expect(collide(at("2001:DB8:0:0::1"), at("2001:db8::1"))).toBe(true);
        expect(collide(at("0:0:0:0:0:0:0:0"), at("127.0.0.1"))).toBe(true);
    });

    test.each([
        ["0.0.0.0", true],
        ["0:0:0:0:0:0:0:0", true],
        ["127.9.8.7", true],
        ["192.0.2.77", false],
        ["2001:db8::77", false],
        ["2001:DB8:0:0::77", false],
    ])("%s is an address of this machine: %s", async (ip, own) => {
        await expect(mayListenAt(ip)).resolves.toBe(own);
    });

    test("that a container has are told by its name; the deployment's own are free", async () => {
        const remote = { url: "tcp://192.0.2.1:2375", source: "test" };
        const holder = object("container", "other", {}, { ports: [{ ip: "0.0.0.0", port: 443 }] });
        const wanted = [
            { ip: "127.0.0.1", port: 443, key: ["port"] },
            { ip: "127.0.0.1", port: 80, key: ["front", "httpPort"] },
        ];
        await expect(portProblems(remote, wanted, [holder], () => false)).resolves.toEqual([
            "Port 443 of 127.0.0.1 is taken by the container other. Stop that container, or choose another port: pulumi config set port 8443",
        ]);
        const own = { ...holder, ports: [{ ip: "127.0.0.1", port: 443 }] };
        await expect(portProblems(remote, wanted, [own], () => true)).resolves.toEqual([]);
    });
});

test("a stand-in is the former container: its image, settings, networks; folders of its own where the files are new", () => {
    const info = {
        Id: "0123456789abcdef",
        Name: "/kit-dev",
        Image: "sha256:1",
        Config: { Hostname: "0123456789ab", Cmd: ["serve"], Labels: of("ours"), User: "0" },
        HostConfig: {
            NetworkMode: "bridge",
            Binds: ["kit-dev-config:/etc/distribution:ro", "kit-dev-data:/var/lib/registry:rw"],
            Mounts: [{ Type: "volume", Target: "/etc/distribution", Source: "" }],
        },
        NetworkSettings: {
            Networks: { "kit-dev": { Aliases: ["0123456789ab"] }, "kit-dev-redis": { Aliases: null } },
        },
    } as never;
    const { body, networks } = standInBody(info, "kit-dev", "failed", ["/etc/distribution"]);
    expect(body).toEqual({
        Cmd: ["serve"],
        User: "0",
        name: "kit-dev",
        Image: "sha256:1",
        Labels: { ...of("ours"), [STAND_IN_LABEL]: "failed" },
        HostConfig: {
            NetworkMode: "kit-dev",
            Binds: ["kit-dev-data:/var/lib/registry:rw"],
            Mounts: [{ Type: "volume", Target: "/etc/distribution", Source: "", ReadOnly: false }],
        },
        NetworkingConfig: { EndpointsConfig: { "kit-dev": { Aliases: ["kit-dev"] } } },
    });
    expect(networks).toEqual({ "kit-dev-redis": { Aliases: ["kit-dev"] } });
});
