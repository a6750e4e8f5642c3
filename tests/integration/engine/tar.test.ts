import { execFileSync } from "node:child_process";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";

import { readTar, tar } from "../../../engine/tar";

/** What tar itself says of an archive. */
const list = (archive: Buffer) =>
    execFileSync("tar", ["--numeric-owner", "-tvPf", "-"], {
        input: archive,
        env: { ...process.env, TZ: "UTC" },
        encoding: "utf8",
    });
const all = () => true;

test("files, folders and links are what tar takes them for", async () => {
    const archive = await tar(
        [
            { path: "bin/", mode: 0o755 },
            { path: "bin/run", mode: 0o4711, content: Buffer.from("x".repeat(513)), owner: 200 },
            { path: "bin/empty", mode: 0o600, content: Buffer.alloc(0) },
            { path: "bin/link", mode: 0o777, link: "run" },
        ],
        new Date("2026-11-21T07:00:00.900Z"),
    );
    expect(list(archive).trim().split("\n")).toEqual([
        expect.stringMatching(/^drwxr-xr-x 0\/0 +0 2026-11-21 07:00 bin\/$/),
        expect.stringMatching(/^-rws--x--x 200\/200 +513 2026-11-21 07:00 bin\/run$/),
        expect.stringMatching(/^-rw------- 0\/0 +0 2026-11-21 07:00 bin\/empty$/),
        expect.stringMatching(/^lrwxrwxrwx 0\/0 +0 2026-11-21 07:00 bin\/link -> run$/),
    ]);
    expect(archive.length % 512).toBe(0);
    expect(archive.subarray(-1024).every((byte) => byte === 0)).toBe(true);
});

test("equal content is an equal archive", async () => {
    const make = () => tar([{ path: "a", mode: 0o644, content: Buffer.from("a") }]);
    expect(await make()).toEqual(await make());
    expect(list(await make())).toContain("1970-01-01 00:00 a");
});

const LONG = "x".repeat(150);
test.each([
    ["that fills the name", "y".repeat(100)],
    ["that fits in two fields", `${"a/".repeat(70)}file`],
    ["that fits in no field", `${"a/".repeat(130)}file`],
    ["whose last part alone fits nowhere", `a/${LONG}`],
    ["of letters that take two bytes", `grüße/${"ü".repeat(60)}`],
    ["from the root", `/${"folder/".repeat(40)}file`],
])("a path %s is read back, by tar and here", async (_name, path) => {
    const archive = await tar([
        { path, mode: 0o644, content: Buffer.from("x") },
        { path: "next", mode: 0o644, content: Buffer.from("y") },
    ]);
    const names = execFileSync("tar", ["--quoting-style=literal", "-tPf", "-"], {
        input: archive,
        encoding: "utf8",
    });
    expect(
        names
            .trim()
            .split("\n")
            .map((name) => name.replace(/^\.\//, "")),
    ).toEqual([path, "next"]);
    expect([...(await readTar(archive, all)).entries()].map(([name, text]) => [name, String(text)])).toEqual([
        [path, "x"],
        ["next", "y"],
    ]);
});

test("a link to a path that is too long for its field leads there", async () => {
    const archive = await tar([{ path: "link", mode: 0o777, link: `../${LONG}` }]);
    expect(list(archive)).toContain(`link -> ../${LONG}\n`);
});

test.each([
    ["plain", (data: Buffer) => data],
    ["gzip", gzipSync],
])("of a %s archive that comes in pieces only what is wanted is read", async (_kind, pack) => {
    const made = pack(
        await tar([
            { path: "./manifest.json", mode: 0o644, content: Buffer.from("{}") },
            { path: "layer.tar", mode: 0o644, content: Buffer.alloc(300_000, 1) },
            { path: "index.json", mode: 0o644, content: Buffer.from("[]") },
        ]),
    );
    const pieces = Array.from({ length: Math.ceil(made.length / 1000) }, (_, i) =>
        made.subarray(i * 1000, (i + 1) * 1000),
    );
    const found = await readTar(Readable.from(pieces), (path) => path.endsWith(".json"));
    expect(Object.fromEntries([...found].map(([path, text]) => [path, String(text)]))).toEqual({
        "manifest.json": "{}",
        "index.json": "[]",
    });
});

test("what is no archive has no files, and a torn one fails", async () => {
    expect(await readTar(Buffer.from("no tarball"), all)).toEqual(new Map());
    expect(await readTar(Buffer.alloc(0), all)).toEqual(new Map());
    const torn = gzipSync(await tar([{ path: "a", mode: 0o644, content: Buffer.alloc(90_000, 7) }])).subarray(
        0,
        60,
    );
    await expect(readTar(torn, all)).rejects.toThrow();
    // What stands behind the end mark of a damaged archive may be gigabytes.
    const first = await tar([{ path: "a", mode: 0o644, content: Buffer.from("a") }]);
    const behind = Readable.from([first, ...Array.from({ length: 200 }, () => Buffer.alloc(1_000_000, 7))]);
    const began = Date.now();
    expect([...(await readTar(behind, all)).keys()]).toEqual(["a"]);
    expect(Date.now() - began).toBeLessThan(2_000);
    const broken = new Readable({ read: () => broken.destroy(new Error("no such disk")) });
    await expect(readTar(broken, all)).rejects.toThrow("no such disk");
});
