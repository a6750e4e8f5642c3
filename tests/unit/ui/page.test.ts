/** The parts of the page that need no browser. */
import fc from "fast-check";

import { fallbackOf, kindOfType, listed, sortOut, stated } from "../../../ui/attachments";
import { loginLines, pullLines } from "../../../ui/commands";
import { type Details, sum, together } from "../../../ui/details";
import { ago, bytes, daysUntil, shortDigest } from "../../../ui/format";
import { limited } from "../../../ui/limit";
import {
    blobsOf,
    chief,
    command,
    createdOf,
    kindOf,
    layersOf,
    platformsOf,
    statementsOf,
} from "../../../ui/manifest";
import { byName, byTime, byVersion } from "../../../ui/order";
import { basic, Registry, RegistryError } from "../../../ui/registry";
import { linkTo, parseRoute } from "../../../ui/route";
import { sentence } from "../../../ui/sentence";
import { languageOf, WORDS } from "../../../ui/words";

const HEX = "ab".repeat(32);

test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.00 kB"],
    [9_996, "10.0 kB"],
    [99_960, "100 kB"],
    [999_499, "999 kB"],
    [999_600, "1.00 MB"],
    [1_234_567, "1.23 MB"],
    [5_000_000_000_000, "5.00 TB"],
])("%d bytes are %s", (count, text) => expect(bytes(count)).toBe(text));

test("times and digests as people read them", () => {
    const now = Date.parse("2026-11-27T00:00:00Z");
    expect(ago(new Date(now - 7_200_000), "en", now)).toBe("2 hours ago");
    expect(ago(new Date(now - 86_400_000), "zh-CN", now)).toBe("昨天");
    expect(ago(new Date(now - 400 * 86_400_000), "en", now)).toBe("last year");
    expect(daysUntil(new Date(now + 3.9 * 86_400_000), now)).toBe(3);
    expect(daysUntil(new Date(now - 1), now)).toBe(-1);
    expect(shortDigest(`sha256:${HEX}`)).toBe("abababababab");
});

describe("the order of tags", () => {
    test("the newest version first, releases before what came before them", () => {
        const sorted = [
            ...["latest", "v10.0.0", "2.0.0", "2.0.0-alpine", "2.0.0-rc.10", "2.0.0-rc.2", "2.0", "1.10.0"],
            ...["1.9.0", "1.0.0-beta", "main", "stable"],
        ];
        expect([...sorted].reverse().sort(byVersion)).toEqual(sorted);
        expect(["b10", "b9", "a"].sort(byName)).toEqual(["a", "b9", "b10"]);
    });

    test("it is an order, whatever the tags are", () => {
        const part = fc.constantFrom("1", "2", "10", "01", "v", ".", "-", "rc", "alpine", "_", "latest");
        const tag = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
        fc.assert(
            fc.property(tag, tag, tag, (a, b, c) => {
                const sign = (n: number) => Math.sign(n) + 0;
                expect(sign(byVersion(a, b))).toBe(-sign(byVersion(b, a)) + 0);
                if (byVersion(a, b) <= 0 && byVersion(b, c) <= 0)
                    expect(byVersion(a, c)).toBeLessThanOrEqual(0);
            }),
            { numRuns: 2_000 },
        );
    });

    test("by time, and what tells none last", () => {
        const times: Record<string, Date> = { old: new Date(1e12), new: new Date(2e12) };
        expect(["none", "old", "new"].sort(byTime((tag) => times[tag]))).toEqual(["new", "old", "none"]);
    });
});

describe("what is attached", () => {
    test("tags that stand for digests are no tags for people", () => {
        const tags = ["1.0", `sha256-${HEX}`, `sha256-${HEX}.sig`, "sha256-short", `sha256-${HEX}.sig.2`];
        const sorted = sortOut(tags);
        expect(sorted.tags).toEqual(["1.0", "sha256-short"]);
        expect(sorted.attached.get(`sha256:${HEX}`)?.map(({ ending }) => ending)).toEqual([
            undefined,
            "sig",
            "sig.2",
        ]);
        expect(fallbackOf("latest")).toBeUndefined();
    });

    test.each([
        ["application/vnd.dev.cosign.simplesigning.v1+json", "signature"],
        ["application/vnd.cncf.notary.signature", "signature"],
        ["application/vnd.dev.sigstore.bundle.v0.3+json", "signature"],
        ["application/spdx+json", "sbom"],
        ["application/vnd.cyclonedx+json", "sbom"],
        ["https://slsa.dev/provenance/v1", "provenance"],
        ["application/vnd.in-toto+json", "attestation"],
        ["application/sarif+json", "scan"],
        ["sig", "signature"],
        ["att", "attestation"],
        ["application/vnd.example", "other"],
    ])("%s is of the kind %s", (type, kind) => expect(kindOfType(type)).toBe(kind));

    test("an index of attachments, and what BuildKit says within an index", () => {
        const one = { mediaType: "m", artifactType: "application/spdx+json", digest: "sha256:1", size: 5 };
        expect(listed({ manifests: [one] }, "t")).toEqual([
            expect.objectContaining({ kind: "sbom", digest: "sha256:1", tag: "t", size: 5 }),
        ]);
        const layers = [
            {
                mediaType: "application/vnd.in-toto+json",
                digest: "sha256:2",
                size: 7,
                annotations: { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
            },
        ];
        expect(stated(one, { layers })).toEqual([expect.objectContaining({ kind: "provenance", size: 7 })]);
    });
});

describe("manifests", () => {
    const config = (mediaType: string) => ({ mediaType, digest: "sha256:c", size: 10 });
    const OCI = "application/vnd.oci.image";

    test("what they are", () => {
        const image = { config: config(`${OCI}.config.v1+json`), layers: [] };
        const of = (manifest: object) => kindOf({ mediaType: `${OCI}.manifest.v1+json`, manifest });
        expect(of(image)).toBe("image");
        expect(of({ ...image, artifactType: "x/y" })).toBe("artifact");
        expect(of({ config: config("application/vnd.cncf.helm.config.v1+json") })).toBe("helm");
        expect(of({ config: config(`${OCI.replace("image", "empty")}.v1+json`) })).toBe("artifact");
        expect(kindOf({ mediaType: `${OCI}.index.v1+json`, manifest: {} })).toBe("index");
    });

    test("platforms of an index, without what only says something of them", () => {
        const entry = (digest: string, os: string, architecture: string, annotations = {}) => ({
            ...{ mediaType: "m", digest, size: 1, platform: { os, architecture }, annotations },
        });
        const about = { "vnd.docker.reference.type": "x", "vnd.docker.reference.digest": "sha256:a" };
        const index = {
            manifests: [
                entry("sha256:a", "linux", "arm64"),
                entry("sha256:b", "linux", "amd64"),
                entry("sha256:s", "unknown", "unknown", about),
            ],
        };
        expect(platformsOf(index).map(({ digest }) => digest)).toEqual(["sha256:a", "sha256:b"]);
        expect(chief(platformsOf(index))?.digest).toBe("sha256:b");
        expect(statementsOf(index).get("sha256:a")?.[0]?.digest).toBe("sha256:s");
    });

    test("layers get the commands of a history that fits, and none of another", () => {
        const layers = ["1", "2"].map((digest) => ({ mediaType: "m", digest, size: 1 }));
        const history = [
            { created_by: "/bin/sh -c #(nop) ADD file:x in / " },
            { created_by: "ENV A=b", empty_layer: true },
            { created_by: "RUN /bin/sh -c make # buildkit" },
        ];
        const commands = (of: object) => layersOf({ layers }, of).map((one) => one.command);
        expect(commands({ history })).toEqual(["ADD file:x in /", "RUN make"]);
        expect(commands({ history: history.slice(0, 2) })).toEqual([undefined, undefined]);
        expect(command("/bin/sh -c apk add curl")).toBe("RUN apk add curl");
    });

    test("a list of nothing is one, also where it is written as null", () => {
        const image = {
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            layers: null,
            manifests: null,
        };
        expect(kindOf({ mediaType: image.mediaType, manifest: image })).not.toBe("index");
        expect(layersOf(image, { history: null })).toEqual([]);
    });

    test("a command of a million spaces is read at once", () => {
        const spaces = `RUN x${" ".repeat(1_000_000)}y`;
        const begun = performance.now();
        expect(command(spaces)).toBe(spaces);
        expect(performance.now() - begun).toBeLessThan(500);
        expect(command("RUN make   # buildkit")).toBe("RUN make");
    });

    test("a configuration that is larger than its manifest tells is not loaded", async () => {
        let loaded = 0;
        const body = new ReadableStream({
            pull(to) {
                loaded += 65_536;
                if (loaded > 8_000_000) to.error(new Error("it was loaded"));
                else to.enqueue(new Uint8Array(65_536));
            },
        });
        const answer = new Response(body, { headers: { "Content-Length": "2000000000" } });
        const asked = jest.spyOn(globalThis, "fetch").mockResolvedValue(answer);
        const config = {
            mediaType: "application/vnd.oci.image.config.v1+json",
            digest: `sha256:${HEX}`,
            size: 2,
        };
        const stored = { digest: "", size: 0, mediaType: "", manifest: { config } };
        expect(await new Registry().config("a", stored)).toEqual({});
        expect(loaded).toBeLessThan(200_000);
        asked.mockRestore();
    });

    test("a time that says nothing is none", () => {
        expect(createdOf("2024-05-01T00:00:00Z")?.getUTCFullYear()).toBe(2024);
        for (const text of [
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "1980-01-01T00:00:01Z",
            "x",
            undefined,
        ])
            expect(createdOf(text)).toBeUndefined();
    });

    test("sizes: each blob once, and what several have", () => {
        const details = (digest: string, blobs: [string, number][]) =>
            ({ digest, blobs: new Map(blobs) }) as unknown as Details;
        const all = [
            details("a", [
                ["base", 100],
                ["one", 5],
            ]),
            details("b", [
                ["base", 100],
                ["two", 7],
            ]),
            // Another tag of the same image shares nothing with itself.
            details("b", [
                ["base", 100],
                ["two", 7],
            ]),
        ];
        expect(together(all)).toEqual({ total: 112, shared: 100 });
        const layer = { mediaType: "m", digest: "sha256:l", size: 40 };
        const stored = {
            digest: "sha256:m",
            size: 3,
            mediaType: "m",
            manifest: { config: config("x"), layers: [layer, layer] },
        };
        expect(sum(blobsOf(stored))).toBe(53);
    });
});

test.each<[string, { view: string; repository?: string; reference?: string }]>([
    ["", { view: "repositories" }],
    ["#", { view: "repositories" }],
    ["#client", { view: "client" }],
    ["#/team/app", { view: "tags", repository: "team/app" }],
    ["#/team/app:1.0", { view: "image", repository: "team/app", reference: "1.0" }],
    [`#/a@sha256:${HEX}`, { view: "image", repository: "a", reference: `sha256:${HEX}` }],
])("the address %s", (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
    if (route.repository !== undefined) expect(linkTo(route.repository, route.reference)).toBe(hash);
});

test.each([
    "#/../../page/me",
    "#/a/../b:1",
    "#/a:1/../2",
    "#/a:1?x",
    "#/A",
    "#/a%2Fb",
    "#/%E0%A4%A",
    "#/a@sha256:..",
    "#//a",
])("what is no name comes into no request: %s", (hash) =>
    expect(parseRoute(hash)).toEqual({ view: "repositories" }),
);

test("lines for a terminal", () => {
    expect(pullLines("r.example", "a/b", "1", "image").docker).toBe("docker pull r.example/a/b:1");
    expect(pullLines("r.example", "c", "1.0_b", "helm").helm).toBe(
        "helm pull oci://r.example/c --version 1.0+b",
    );
    expect(Object.keys(pullLines("r", "a", `sha256:${HEX}`, "artifact"))).toEqual(["oras"]);
    expect(loginLines("r", "o'brien").podman).toBe(`podman login -u 'o'\\''brien' r`);
    expect(loginLines("r").docker).toBe("docker login r");
});

test("a login is its bytes in UTF-8", () => {
    expect(basic("ü", "密")).toBe(`Basic ${Buffer.from("ü:密").toString("base64")}`);
});

test.each<[RegistryError, string, boolean?]>([
    [
        new RegistryError(0),
        "No answer: the network is gone, or the registry is. Nothing was changed by this page.",
    ],
    [new RegistryError(401), "User name or password is wrong.", true],
    [new RegistryError(401), "This login is no longer taken: log in again."],
    [
        new RegistryError(429, "TOOMANYREQUESTS", "too many logins that were not known yet", 60),
        "Too many logins from this address. Try again in 60 seconds.",
    ],
    [new RegistryError(429), "Too many requests at once from this address. Try again in a moment."],
    [new RegistryError(404, "NAME_UNKNOWN"), "There is no such repository."],
    [new RegistryError(404, "MANIFEST_UNKNOWN"), "There is no such tag or digest here."],
    [new RegistryError(403, "DENIED"), "This login may not do that."],
    [new RegistryError(403, "DENIED"), "This user may read the registry's numbers, and no images.", true],
    [
        new RegistryError(405, "UNSUPPORTED"),
        "This registry deletes no tag by its name. An operator can: npm run delete.",
    ],
    [
        new RegistryError(503, "UNAVAILABLE", "garbage collection is running: push again in a moment"),
        "Garbage collection is running: deleting works again in a moment.",
    ],
    [new RegistryError(502), "The registry does not answer. Its operator can look with npm run doctor."],
    [new RegistryError(418, "", "tea"), "The registry answered 418: tea."],
])("%s is a sentence", (error, text, atLogin = false) =>
    expect(sentence(error, WORDS.en, atLogin)).toBe(text),
);

test("both languages, by what the browser wants", () => {
    expect(languageOf(["de-DE", "zh-TW", "en"])).toBe("zh");
    expect(languageOf(["fr", "en-GB", "zh"])).toBe("en");
    expect(languageOf([])).toBe("en");
    const keys = (of: object): string[] =>
        Object.entries(of).flatMap(([key, value]) => [
            key,
            ...(typeof value === "object" ? keys(value as object) : []),
        ]);
    expect(keys(WORDS.zh)).toEqual(keys(WORDS.en));
});

test("so many requests at once; what is no longer wanted is not begun, and the last one goes first", async () => {
    const wait = limited(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const ask = (n: number, signal?: AbortSignal) =>
        wait(() => (begun.push(n), new Promise<number>((done) => ends.push(() => done(n)))), signal);
    const stop = new AbortController();
    const all = [ask(0), ask(1), ask(2), ask(3, stop.signal), ask(4)];
    stop.abort();
    expect(begun).toEqual([0, 1]);
    const given = all[3]?.catch((error: Error) => error.name);
    while (ends.length > 0) {
        ends.shift()?.();
        await new Promise((done) => setImmediate(done));
    }
    expect(begun).toEqual([0, 1, 4, 2]);
    expect(await given).toBe("AbortError");
    expect(await Promise.all([all[0], all[2], all[4]])).toEqual([0, 2, 4]);
});
