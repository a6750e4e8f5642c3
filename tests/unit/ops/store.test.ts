/** What a look at a storage tells: its lines, damages and their remedies, uploads, keepers, and the question before a mending. */
import { createHash } from "node:crypto";

import { checkUploads, question } from "../../../ops/doctor/store";
import { blobPath, type Damage, damagesOf } from "../../../ops/store/damage";
import { KEEPER_FILE, type Look, readLook, uploadsOf } from "../../../ops/store/look";
import { keepers } from "../../../ops/store/mend";

const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const slash = (digest: string) => digest.replace(":", "/");
const revision = (digest: string, repository = "team/app") =>
    `repositories/${repository}/_manifests/revisions/${slash(digest)}/link`;
const layer = (digest: string, repository = "team/app") =>
    `repositories/${repository}/_layers/${slash(digest)}/link`;
const tag = (name: string) => `repositories/team/app/_manifests/tags/${name}`;
const history = (name: string, digest: string) => `${tag(name)}/index/${slash(digest)}/link`;

const [MANIFEST, LAYER, OLD] = [digestOf("manifest"), digestOf("layer"), digestOf("old")];

/** A storage with one image, tagged latest, that is whole. */
function whole(): Look {
    const look: Look = { now: 10_000, files: new Map(), links: new Map(), sums: new Map() };
    const link = (path: string, digest: string) => {
        look.files.set(path, { size: 71, changed: 100 });
        look.links.set(path, digest);
    };
    for (const digest of [MANIFEST, LAYER]) look.files.set(blobPath(digest), { size: 8, changed: 100 });
    look.sums.set(blobPath(MANIFEST), MANIFEST.slice(7));
    link(revision(MANIFEST), MANIFEST);
    link(layer(LAYER), LAYER);
    look.files.set(`${tag("latest")}/current`, { size: 4096, changed: 100 });
    link(`${tag("latest")}/current/link`, MANIFEST);
    link(history("latest", MANIFEST), MANIFEST);
    return look;
}
const cut = (look: Look, path: string, size = 0) => {
    look.files.set(path, { size, changed: 100 });
    look.links.delete(path);
};
const found = (look: Look) => damagesOf(look).all.map(({ file, what, remedy }) => [file, what, remedy]);

test("what an interrupted first push left is no damage once a collection has been: nobody misses the layer", () => {
    const look = whole();
    const path = layer(OLD, "team/first");
    look.files.set(path, { size: 71, changed: 100 });
    look.links.set(path, OLD);
    expect(found(look)).toEqual([]);
    // Where there was an image, or the layer is cut off, it is.
    const used = "repositories/team/first/_manifests/tags/v1/index/x";
    look.files.set(used, { size: 1, changed: 100 });
    expect(found(look)).toHaveLength(1);
    look.files.delete(used);
    look.files.set(blobPath(OLD), { size: 0, changed: 100 });
    expect(found(look).map(([file]) => file)).toContain(path);
});

describe("the lines of a look", () => {
    const text = `== now\n1700000000\n== files\n1699999000 71 ${layer(LAYER)}\n1 0 blobs/a name with blanks\n== good\n${layer(LAYER)}:${LAYER}\n== sums\n${MANIFEST.slice(7)}  ${blobPath(MANIFEST)}\n== end\n`;

    test("are read part by part", () => {
        const look = readLook(text);
        expect(look?.now).toBe(1_700_000_000);
        expect(look?.files.get(layer(LAYER))).toEqual({ size: 71, changed: 1_699_999_000 });
        expect([...(look?.files.keys() ?? [])]).toContain("blobs/a name with blanks");
        expect([...(look?.links ?? [])]).toEqual([[layer(LAYER), LAYER]]);
        expect([...(look?.sums ?? [])]).toEqual([[blobPath(MANIFEST), MANIFEST.slice(7)]]);
    });

    test("that were cut short are no look: half of it would be taken for damage", () => {
        for (const end of [5, 60, text.length - 5])
            expect(() => readLook(text.slice(0, end))).toThrow("cut short");
        expect(() => readLook("")).toThrow("cut short");
    });

    test("say where there is no storage in files", () => {
        expect(readLook("== none\n")).toBeUndefined();
    });

    test("of another form are left out", () => {
        const look = readLook(text.replace("1699999000 71", "? 71").replace(`${layer(LAYER)}:`, "no link:"));
        expect(look?.files.has(layer(LAYER))).toBe(false);
        expect(look?.links.size).toBe(0);
    });
});

describe("damages", () => {
    test("a whole storage has none, an empty one neither", () => {
        expect(damagesOf(whole())).toEqual({
            all: [],
            unreadable: new Map(),
            torn: [],
            lost: new Set(),
            tags: false,
        });
        expect(damagesOf({ now: 0, files: new Map(), links: new Map(), sums: new Map() }).all).toEqual([]);
    });

    test.each([
        ["an empty link", 0, "the link is empty"],
        ["a cut link", 30, "the link does not hold a digest"],
    ])("%s is written anew from its own path, where the blob is whole", (_what, size, what) => {
        for (const [path, digest] of [
            [revision(MANIFEST), MANIFEST],
            [layer(LAYER), LAYER],
        ] as const) {
            const look = whole();
            cut(look, path, size);
            expect(found(look)).toEqual([[path, what, { do: "restore", digest }]]);
            expect([...damagesOf(look).unreadable]).toEqual([[path, digest]]);
        }
    });

    test("a link to another digest than its path says does not count as read", () => {
        const look = whole();
        look.links.set(layer(LAYER), OLD);
        expect(found(look)).toEqual([
            [layer(LAYER), "the link does not hold a digest", { do: "restore", digest: LAYER }],
        ]);
    });

    test("a layer that is gone: its link leads to nothing and is removed", () => {
        const look = whole();
        look.files.delete(blobPath(LAYER));
        expect(found(look)).toEqual([
            [
                layer(LAYER),
                "it leads to a layer that is not there",
                { do: "remove", folder: layer(LAYER).replace(/\/link$/, "") },
            ],
        ]);
        expect(damagesOf(look).lost.size).toBe(0);
    });

    test("a torn manifest is set aside, with its links, and its repository counts as lost", () => {
        const look = whole();
        look.sums.set(blobPath(MANIFEST), "0".repeat(64));
        const { all, torn, lost, tags } = damagesOf(look);
        expect(all.map(({ file, remedy }) => [file, remedy?.do])).toEqual([
            [blobPath(MANIFEST), "aside"],
            [revision(MANIFEST), "remove"],
            [`${tag("latest")}/current/link`, "remove"],
        ]);
        expect([torn, [...lost], tags]).toEqual([[blobPath(MANIFEST)], ["team/app"], true]);
    });

    test("a manifest that the disk does not give out is left to its owner", () => {
        const look = whole();
        look.sums.delete(blobPath(MANIFEST));
        const { all, torn } = damagesOf(look);
        expect(all.map(({ remedy }) => remedy)).toEqual([undefined, undefined]);
        expect(torn).toEqual([]);
    });

    test("an empty blob whose digest is that of nothing is whole", () => {
        const look = whole();
        const nothing = digestOf("");
        look.files.set(blobPath(nothing), { size: 0, changed: 1 });
        look.files.set(layer(nothing), { size: 71, changed: 1 });
        look.links.set(layer(nothing), nothing);
        expect(found(look)).toEqual([]);
        look.files.set(blobPath(LAYER), { size: 0, changed: 1 });
        expect(found(look).map(([file]) => file)).toEqual([blobPath(LAYER), layer(LAYER)]);
    });

    test("a tag that cannot be read leads where its history led last, as far as that is whole", () => {
        const look = whole();
        look.files.set(blobPath(OLD), { size: 3, changed: 1 });
        look.sums.set(blobPath(OLD), OLD.slice(7));
        for (const path of [revision(OLD), history("latest", OLD)]) {
            look.files.set(path, { size: 71, changed: 50 });
            look.links.set(path, OLD);
        }
        cut(look, `${tag("latest")}/current/link`);
        expect(found(look)).toEqual([
            [`${tag("latest")}/current/link`, "the link is empty", { do: "restore", digest: MANIFEST }],
        ]);
        look.files.delete(history("latest", MANIFEST));
        expect(found(look)[0]?.[2]).toEqual({ do: "restore", digest: OLD });
        look.files.delete(history("latest", OLD));
        expect(found(look)[0]?.[2]).toEqual({ do: "remove", folder: tag("latest") });
    });

    test("past images of a tag that were deleted are no damage", () => {
        const look = whole();
        look.files.set(history("latest", OLD), { size: 71, changed: 1 });
        look.links.set(history("latest", OLD), OLD);
        expect(found(look)).toEqual([]);
    });

    test("a tag whose image has no link in the repository gets that link", () => {
        const look = whole();
        look.files.delete(revision(MANIFEST));
        look.links.delete(revision(MANIFEST));
        expect(found(look)).toEqual([
            [revision(MANIFEST), "the link is not there", { do: "restore", digest: MANIFEST }],
        ]);
    });
});

describe("keepers", () => {
    test("name every layer of a lost repository that is there, and no other repository's", () => {
        const look = whole();
        const [gone, other] = [digestOf("gone"), digestOf("other")];
        for (const path of [layer(gone), layer(other, "team/app2")])
            look.files.set(path, { size: 71, changed: 1 });
        look.files.set(blobPath(other), { size: 5, changed: 1 });
        const [mark, blob, link, ...more] = keepers(look, new Set(["team/app"]));
        expect(more).toEqual([]);
        const [, manifest = ""] = blob ?? [];
        expect((JSON.parse(manifest) as { layers: unknown[] }).layers).toEqual([
            { mediaType: "application/octet-stream", digest: LAYER, size: 8 },
        ]);
        const digest = digestOf(manifest);
        expect(blob?.[0]).toBe(blobPath(digest));
        expect(link).toEqual([revision(digest), digest]);
        expect(mark).toEqual([revision(digest).replace(/link$/, KEEPER_FILE), ""]);
    });

    test("are none for a repository without layers, or without a loss", () => {
        expect(keepers(whole(), new Set(["other"]))).toEqual([]);
        expect(keepers(whole(), new Set())).toEqual([]);
    });

    test("of very many layers are several, each small enough to be read", () => {
        const look = whole();
        for (let i = 0; i < 5_000; i++) {
            const digest = digestOf(String(i));
            look.files.set(layer(digest), { size: 71, changed: 1 });
            look.files.set(blobPath(digest), { size: 1, changed: 1 });
        }
        const manifests = keepers(look, new Set(["team/app"])).flatMap(([path, text]) =>
            path.startsWith("blobs/") ? text : [],
        );
        expect(manifests.map((text) => (JSON.parse(text) as { layers: unknown[] }).layers.length)).toEqual([
            5_000, 1,
        ]);
        for (const text of manifests) expect(text.length).toBeLessThan(4 * 1024 * 1024);
    });
});

describe("unfinished uploads", () => {
    const upload = (look: Look, name: string, changed: number, size = 100) =>
        look.files.set(`repositories/team/app/_uploads/${name}`, { size, changed });

    test("are old an hour after their last change, whichever of their files it was", () => {
        const look = whole();
        upload(look, "a/data", look.now - 3_601);
        upload(look, "a/startedat", look.now - 9_000, 20);
        upload(look, "b/data", look.now - 3_600);
        upload(look, "c/startedat", look.now - 9_000, 20);
        upload(look, "c/hashstates/sha256/0", look.now - 1);
        expect(uploadsOf(look)).toEqual({ all: { count: 3, bytes: 340 }, old: { count: 1, bytes: 120 } });
    });

    test.each([
        [undefined, "ok", "not looked at"],
        [
            { all: { count: 0, bytes: 0 }, old: { count: 0, bytes: 0 } },
            "ok",
            "0 unfinished uploads, none older",
        ],
        [
            { all: { count: 1, bytes: 9 }, old: { count: 0, bytes: 0 } },
            "ok",
            "1 unfinished upload, none older",
        ],
        [
            { all: { count: 3, bytes: 9 }, old: { count: 2, bytes: 20_000_000 } },
            "warning",
            "2 unfinished uploads older than an hour, 20.0 MB",
        ],
    ])("%j: %s", (uploads, level, text) => {
        expect(checkUploads(uploads)).toMatchObject({ level, text: expect.stringContaining(text) as string });
    });
});

describe("the question before a mending", () => {
    const damage = (remedy: Damage["remedy"]): Damage => ({ repository: "a", file: "f", what: "w", remedy });
    const restore = damage({ do: "restore", digest: MANIFEST });
    const remove = damage({ do: "remove", folder: "x" });

    test("says each thing that will be done, how often, and what it means for later", () => {
        expect(
            question([restore, remove, remove, damage({ do: "aside" }), damage(undefined)], "; more"),
        ).toBe(
            "write 1 link anew, remove 2 links that lead to nothing, set 1 damaged blob aside; layers that only a lost manifest " +
                "named go with the next collection; more",
        );
    });

    test("says nothing of what will not be done", () => {
        expect(question([remove], "")).toContain("remove 1 link that leads to nothing; layers");
        expect(question([restore], "; the registry is restarted")).toBe(
            "write 1 link anew; the registry is restarted",
        );
    });
});
