import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { MARK } from "../../../host/folder";
import { checkFolder, writeFolder } from "../../../ops/export-folder";
import { put, temporaryFolder } from "../setup/fixture";

const temporary = temporaryFolder();
const out = () => join(temporary.path, "out");
const files = (text: string, more = {}) => ({
    "export.conf": `${MARK}\n`,
    "site.key": text,
    "debian/config.yml": text,
    SHA256SUMS: "sums\n",
    ...more,
});
const mode = (path: string) => statSync(join(out(), path)).mode & 0o777;

test("the folder is 0700, each file 0600, whatever was before", () => {
    mkdirSync(out());
    chmodSync(out(), 0o755);
    checkFolder(out());
    expect(writeFolder(out(), files("a"))).toMatch(/^[0-9a-f]{64}$/);
    expect([mode("."), mode("debian")]).toEqual([0o700, 0o700]);
    for (const path of Object.keys(files(""))) expect(mode(path)).toBe(0o600);
});

test("an earlier export is replaced, with the files that the new one has not", () => {
    writeFolder(out(), files("a", { htpasswd: "users" }));
    checkFolder(out());
    writeFolder(out(), files("b"));
    expect(readFileSync(join(out(), "site.key"), "utf8")).toBe("b");
    expect(statSync(join(out(), "htpasswd"), { throwIfNoEntry: false })).toBeUndefined();
});

test("one that was interrupted too: its list is missing", () => {
    put(join(out(), "export.conf"), `${MARK}\n`);
    put(join(out(), "site.key"), "half");
    checkFolder(out());
    writeFolder(out(), files("b"));
    expect(readFileSync(join(out(), "site.key"), "utf8")).toBe("b");
});

test("a folder with anything else in it is refused by that file's name, and left alone", () => {
    put(join(out(), "notes.txt"), "mine");
    expect(() => checkFolder(out())).toThrow(/holds notes\.txt, which is of no export/);
    put(join(out(), "export.conf"), `${MARK}\n`);
    expect(() => checkFolder(out())).toThrow(/holds notes\.txt/);
});

test("a file of the same name is no export", () => {
    put(join(out(), "export.conf"), "mine\n");
    expect(() => checkFolder(out())).toThrow(/holds export\.conf/);
});

test("a file in the folder's place, and a link, are refused", () => {
    put(out(), "mine");
    expect(() => checkFolder(out())).toThrow(/is no folder/);
    const link = join(temporary.path, "link");
    symlinkSync(temporary.path, link);
    expect(() => checkFolder(link)).toThrow(/is no folder/);
});

test("a secret is not written through a link that lies in its place", () => {
    const target = join(temporary.path, "target");
    put(target, "before");
    writeFolder(out(), files("a"));
    writeFolder(out(), files("a"));
    symlinkSync(target, join(out(), "htpasswd"));
    writeFolder(out(), files("a", { htpasswd: "secret" }));
    expect(readFileSync(target, "utf8")).toBe("before");
});
