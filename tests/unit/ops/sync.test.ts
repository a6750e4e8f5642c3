/** What regsync is told, and what its log tells. */
import { parse } from "yaml";

import { meansRepository, meansTag } from "../../../components/definition/matches";
import { sideOf, sideText, targetOf } from "../../../components/sync/side";
import type { ContainerInspectInfo } from "../../../engine/types";
import { isKept, type Parties, reasonIn } from "../../../ops/sync/reason";
import { Standstill } from "../../../ops/sync/received";
import { type Here, renderJob, syncScript } from "../../../ops/sync/regsync";
import { Reading } from "../../../ops/sync/report";
import { resultOf, resultText } from "../../../ops/sync/result";
import { routeTo } from "../../../ops/sync/route";

const OWN = "docker.example.com";
const DIGEST = `sha256:${"a".repeat(64)}`;

test.each<[string, object]>([
    ["team/app", { path: "team/app", all: false }],
    ["team/app:v1", { path: "team/app", tag: "v1" }],
    ["app:5000", { path: "app", tag: "5000" }],
    [`team/app@${DIGEST}`, { path: "team/app", digest: DIGEST }],
    ["*", { path: "", all: true }],
    ["team/*", { path: "team", all: true }],
    ["docker.io/alpine:3", { host: "docker.io", path: "library/alpine", tag: "3" }],
    ["registry-1.docker.io/library/alpine", { host: "docker.io", path: "library/alpine" }],
    ["localhost/app", { host: "localhost", path: "app" }],
    ["registry.example.com:5000/*", { host: "registry.example.com:5000", path: "", all: true }],
    ["[2001:db8::1]:5000/team/*", { host: "[2001:db8::1]:5000", path: "team", all: true }],
])("%s is a side of a copy", (text, side) => {
    expect(sideOf(text)).toMatchObject(side);
    expect(sideOf(sideText(sideOf(text) ?? { path: "", all: false }))).toEqual(sideOf(text));
});

test.each([
    ...[
        "",
        "/",
        "Team/app",
        "team/",
        "team/app:",
        "team/app:a b",
        "team/*:v1",
        "*app",
        "team/a*",
        "https://quay.io/a",
    ],
    ...["quay.io", "user@quay.io/app", "quay.io:x/app", `app@sha256:abc`, "quay.io/", "team/app\nx"],
])("%j is none", (text) => {
    // Without a slash a name with a dot is a repository: only a host is none.
    if (text === "quay.io") expect(sideOf(text)?.host).toBeUndefined();
    else expect(sideOf(text)).toBeUndefined();
});

test.each([
    ["docker.io/library/alpine:3", "*", "library/alpine:3"],
    ["docker.io/library/alpine:3", "mirror/*", "mirror/library/alpine:3"],
    ["docker.io/library/alpine:3", "base:current", "base:current"],
    ["docker.io/library/alpine", "quay.io/team/alpine", "quay.io/team/alpine"],
    ["team/*", "quay.io/mirror/*", "quay.io/mirror/*"],
])("%s to %s goes to %s", (from, to, target) => {
    const [one, other] = [sideOf(from), sideOf(to)];
    if (one === undefined || other === undefined) throw new Error("no sides");
    expect(sideText(targetOf(one, other))).toBe(target);
});

const HERE: Here = {
    address: OWN,
    hostname: `${OWN}:8443`,
    plainHttp: false,
    caPem: "PEM",
    login: { user: "admin", password: 'a {{ "secret" }}' },
};
interface Rendered {
    creds: Record<string, string>[];
    defaults: object;
    sync: {
        type: string;
        source: string;
        target: string;
        repos?: { allow: string[]; deny: string[] };
        tags?: { allow: string[]; deny: string[] };
    }[];
}
const rendered = (job: { from: string; to?: string; tags?: string[]; repositories?: string[] }) =>
    parse(
        renderJob({ to: "*", ...job }, HERE, {
            "quay.io": { username: "robot", password: "p", plainHttp: false },
            "plain.example.com:5000": { plainHttp: true },
        }),
    ) as Rendered;

test("every host has its login and authority, and no text is a template", () => {
    const { creds, defaults } = rendered({ from: "quay.io/a/b:1" });
    expect(creds).toEqual([
        {
            ...{ registry: OWN, hostname: `${OWN}:8443`, tls: "enabled", user: "admin", regcert: "PEM" },
            pass: 'a {{"{{"}} "secret" }}',
        },
        { registry: "quay.io", tls: "enabled", user: "robot", pass: "p" },
        { registry: "plain.example.com:5000", tls: "disabled" },
    ]);
    expect(defaults).toMatchObject({ referrers: true, digestTags: true, skipDockerConfig: true });
});

test.each([
    [{ from: "quay.io/a/b:1" }, "image", "quay.io/a/b:1", `${OWN}/a/b:1`],
    [{ from: `${OWN}/a/b`, to: "quay.io/*" }, "repository", `${OWN}/a/b`, "quay.io/a/b"],
    [{ from: "*", to: "quay.io/*" }, "registry", OWN, "quay.io"],
    [{ from: "quay.io/team/*", to: "mirror/*" }, "registry", "quay.io", `${OWN}/mirror`],
])("%j", (job, type, source, target) => {
    expect(rendered(job).sync).toMatchObject([{ type, source, target }]);
});

test("patterns mean to regsync what they mean to the kit", () => {
    const names = ["team/app", "team/app/below", "team", "teams/app", "team.x/app", "old/app", "team/old"];
    const taken = (job: Parameters<typeof rendered>[0]) => {
        const { allow = [], deny = [] } = rendered(job).sync[0]?.repos ?? {};
        // As regsync has it (cmd/regsync/root.go, filterRegexAllow).
        const fits = (patterns: string[], name: string) =>
            patterns.some((one) => new RegExp(`^${one}$`).test(name));
        return names.filter((name) => fits(allow, name) && !fits(deny, name));
    };
    const meant = (...patterns: string[]) =>
        names.filter((name) => patterns.some((one) => meansRepository(one, name)));
    expect(taken({ from: "quay.io/*" })).toEqual(names);
    expect(taken({ from: "quay.io/team/*" })).toEqual(meant("team/*"));
    expect(taken({ from: "quay.io/*", repositories: ["team/*", "old/app"] })).toEqual(
        meant("team/*", "old/app"),
    );
    expect(taken({ from: "quay.io/team/*", repositories: ["!team/old"] })).toEqual([
        "team/app",
        "team/app/below",
    ]);
    expect(taken({ from: "quay.io/team/app/*", repositories: ["team/*"] })).toEqual(["team/app/below"]);
    expect(taken({ from: "quay.io/team/*", repositories: ["team/app", "old/app"] })).toEqual(["team/app"]);
    const { allow = [], deny = [] } =
        rendered({ from: "quay.io/a", tags: ["v1.*", "!*-rc"] }).sync[0]?.tags ?? {};
    for (const tag of ["v1.0", "v1x0", "v1.0-rc", "v2.0", "xv1.0"])
        expect(
            allow.some((one) => new RegExp(`^${one}$`).test(tag)) &&
                !deny.some((one) => new RegExp(`^${one}$`).test(tag)),
        ).toBe(meansTag(["v1.*", "!*-rc"], tag));
});

test("what the kit's own checks leave in this registry is not copied", () => {
    expect(rendered({ from: "*", to: "quay.io/*" }).sync[0]?.repos?.deny).toContain(
        "private-registry-doctor",
    );
    expect(rendered({ from: "quay.io/*" }).sync[0]?.repos?.deny).toEqual([]);
});

test("a dry run only looks", () => {
    expect(syncScript(["a", "b"], OWN, true)).not.toContain("regsync once");
    expect(syncScript(["a", "b"], OWN, false).match(/regsync (check|once)/g)).toEqual(
        ["check", "check", "once", "once"].map((one) => `regsync ${one}`),
    );
});

const container = (Name: string, IPAddress: string, ExtraHosts?: string[]) =>
    ({
        Name: `/${Name}`,
        NetworkSettings: { Networks: { net: { IPAddress } } },
        HostConfig: { ExtraHosts, Dns: ["192.0.2.53"] },
    }) as unknown as ContainerInspectInfo;
const REGISTRY = container("registry", "172.18.0.2", ["store:192.0.2.1"]);
const FRONT = container("registry-front", "172.18.0.3");

test.each<[string, ContainerInspectInfo, string, object]>([
    [
        "https://docker.example.com",
        FRONT,
        "docker.example.com:8443",
        {
            NetworkMode: "net",
            ExtraHosts: ["store:192.0.2.1", "docker.example.com:172.18.0.3"],
            Dns: ["192.0.2.53"],
        },
    ],
    [
        "https://localhost:5443",
        REGISTRY,
        "localhost:5000",
        { ExtraHosts: ["store:192.0.2.1", "localhost:172.18.0.2"] },
    ],
    ["https://127.0.0.1:5443", FRONT, "127.0.0.1:8443", { NetworkMode: "container:registry-front" }],
    [
        "https://192.0.2.7:5443",
        FRONT,
        "192.0.2.7:5443",
        { NetworkMode: "net", ExtraHosts: ["store:192.0.2.1"] },
    ],
    ["http://192.0.2.7:5000", REGISTRY, "172.18.0.2:5000", { NetworkMode: "net" }],
])("a container reaches %s", (endpoint, server, hostname, host) => {
    expect(routeTo(new URL(endpoint), REGISTRY, server)).toMatchObject({ hostname, host });
});

const PARTIES: Parties = {
    own: OWN,
    hostname: `${OWN}:8443`,
    user: "admin",
    registries: { "quay.io": { username: "robot", password: "p", plainHttp: false } },
};

// As regsync 0.11.7 wrote them.
test.each([
    [
        'failed to list tags for quay.io/team/app:latest: Get "https://quay.io/v2/team/app/tags/list": tls: failed to verify certificate: x509: certificate signed by unknown authority',
        "the authority of the certificate of quay.io is not known: pulumi config set --path 'sync.registries[\"quay.io\"].ca' ./other-ca.crt",
    ],
    [
        "failed to list tags for quay.io/team/app:latest: unauthorized",
        "quay.io refuses robot, by that password",
    ],
    [
        "failed to list tags for other.io/team/app:latest: unauthorized",
        "other.io wants a login, or has no such image",
    ],
    [
        `failed to put manifest ${OWN}/team/app:1: request failed: unauthorized [http 403]: {}`,
        "this registry does not let admin do so",
    ],
    [
        `Get "https://${OWN}:8443/v2/": dial tcp 172.18.0.3:8443: connect: connection refused`,
        "this registry does not answer: npm run doctor",
    ],
    [
        'Get "https://quay.io/v2/": http: server gave HTTP response to HTTPS client',
        "quay.io speaks plain HTTP",
    ],
    [
        'Get "https://quay.io/v2/": dial tcp: lookup quay.io on 127.0.0.11:53: no such host',
        "the name quay.io is not known to containers",
    ],
    [
        'failed to list tags for quay.io/team/app:latest: request failed: rate limit exceeded [http 429]: {"errors":[{"code":"TOOMANYREQUESTS"}]}',
        "quay.io gives no more for now (too many requests)",
    ],
    ["something new of quay.io", "something new of quay.io"],
])("%s", (error, sentence) => {
    expect(reasonIn(error, [error.includes("other.io") ? "other.io" : "quay.io", OWN], PARTIES)).toContain(
        sentence,
    );
    expect(isKept(error)).toBe(false);
});

describe("a run", () => {
    const log = (msg: string, more: object = {}) => JSON.stringify({ level: "INFO", msg, ...more });
    const image = (name: string) => ({ source: `quay.io/${name}`, target: `${OWN}/${name}` });
    const read = (...lines: string[]) => {
        const reading = new Reading(PARTIES);
        for (const line of lines) reading.line(line);
        return reading;
    };
    const CHECKED = [
        "@check app",
        log("Image sync needed", image("a:1")),
        log("Image refreshing", image("a:2")),
        log("Image sync needed", image("a:3")),
        "@code 0",
    ];

    test("tells how far it is", () => {
        const reading = read(...CHECKED.slice(0, 3));
        expect(reading.progress(0)).toBe("2 so far: a:2");
        for (const line of [...CHECKED.slice(3), "@once app", ...CHECKED.slice(1, 3)]) reading.line(line);
        expect(reading.progress(reading.since + 10_000, 2_500_000)).toBe("2 of 3: a:2, 2.5 MB/s, 20 s left");
    });

    test("tells the fate of every image, and of a job that does not work", () => {
        const kept = `request failed: http status: Conflict [http 409]: the tag 3 of a is immutable and stays ${DIGEST}: push`;
        const { jobs, unexplained } = read(
            ...CHECKED,
            "@once app",
            ...CHECKED.slice(1, 3),
            log("Copy layer"),
            CHECKED[3] ?? "",
            log("Failed to sync", { ...image("a:3"), error: kept }),
            "failed: the same once more",
            "@code 1",
            "@once other",
            log("Failed getting source tags", { source: "quay.io/b:latest", error: "failed: not found" }),
            "@code 1",
        );
        const result = resultOf(jobs, OWN, false, 1.26);
        expect(result).toMatchObject({ copied: 2, unchanged: 0, kept: 1, failed: 1 });
        expect(resultText(result).split("\n")).toEqual([
            "copied    quay.io/a:1 → a:1",
            "attachments of quay.io/a:2 → a:2",
            `kept      quay.io/a:3 → a:3: the tag is immutable here (front.immutableTags), and stays ${DIGEST.slice(0, 19)}…`,
            "failed    job other: quay.io has no such image",
            "2 images copied, 0 are there already, 1 stays as it was, 1 failed, in 1.3 s.",
        ]);
        expect(unexplained).toEqual([]);
    });

    test("fails where a repository has no tag that is meant", () => {
        const { jobs } = read(
            "@check app",
            log("No matching tags found", { source: "quay.io/a:latest" }),
            "@code 0",
        );
        expect(jobs[0]?.problems).toEqual(["quay.io/a has no tag that the job means"]);
    });

    test("is not well where regsync ends with an error that it does not tell", () => {
        expect(read("@check app", "yaml: line 1: wrong", "@code 1").unexplained).toEqual([
            "yaml: line 1: wrong",
        ]);
    });
});

test("what moves nothing but noise stands still, and is told as failed", () => {
    const one = new Standstill(1_000);
    expect([one.counted(0, 0), one.counted(999, 60_000), one.counted(1_000, 70_000)]).toEqual([
        false,
        false,
        false,
    ]);
    expect([one.counted(1_500, 75_000), one.counted(2_000, 80_000)]).toEqual([false, true]);
    expect(one.counted(2_500, 80_000)).toBe(false);
    one.goesOn();
    expect([one.counted(3_100, 80_000), one.counted(4_099, 80_000)]).toEqual([false, false]);
    const reading = new Reading({ own: "docker.example.com", hostname: "h:443", registries: {} });
    for (const line of [
        "@once a",
        JSON.stringify({
            msg: "Image sync needed",
            source: "r.example.com/a:1",
            target: "docker.example.com/a:1",
        }),
    ])
        reading.line(line);
    reading.stoodStill(10);
    reading.line("@code 137");
    expect(reading.jobs[0]?.images).toMatchObject([{ fate: "failed" }]);
    expect(reading.unexplained).toEqual([]);
});
