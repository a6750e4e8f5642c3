/** Merging into YAML and TOML of other hands: nothing else changes, and what was added can be taken back. */
import fc from "fast-check";
import { parse } from "yaml";

import { addBlock, takeBlock } from "../../../../clients/blocks";
import { MergeError } from "../../../../clients/json-list";
import { addToYaml, takeFromYaml } from "../../../../clients/yaml-merge";

const FILE = "/etc/rancher/k3s/registries.yaml";
const AT = ["mirrors", "r.example.com:5000", "endpoint"];
const URL = ["https://r.example.com:5000"];

/** As people write it: comments, other indents, quotes, text blocks, without an end of the last line. */
const DOCUMENTS = [
    "",
    "# nothing but a comment\n",
    "---\n# a comment\n",
    "mirrors:\n  docker.io:\n    endpoint:\n      - https://m.example.com   # ours\n",
    "mirrors:\n    'docker.io' :\n        endpoint:\n        -   \"https://m.example.com\"\n\n# the end",
    "configs:\n  a.example.com:\n    auth: {username: u, password: p}   # secret\nmirrors: # of all\n  a.example.com:\n    endpoint: [ 'https://a.example.com' ]",
    'mirrors:\n  r.example.com:5000:\n    rewrite:\n      "^a/(.*)": "b/$1"\nconfigs:\n  x:\n    auth:\n      token: |\n        one\n        two\n',
    "mirrors:\n  r.example.com:5000:\n    endpoint:\n      - http://192.0.2.1:5000\n",
    "mirrors:\r\n  docker.io:\r\n    endpoint:\r\n      - https://m.example.com\r\n",
];

test.each(DOCUMENTS)("adding to %j and taking it back gives the very text, and all else stays", (text) => {
    const merged = addToYaml(text, AT, URL, FILE);
    const before = (parse(text) ?? {}) as Record<string, Record<string, object>>;
    const there = before.mirrors?.["r.example.com:5000"] as { endpoint?: string[] } | undefined;
    expect(parse(merged?.text ?? "")).toEqual({
        ...before,
        mirrors: {
            ...before.mirrors,
            [AT[1] ?? ""]: { ...there, endpoint: [...(there?.endpoint ?? []), ...URL] },
        },
    });
    // Every line of before is there as it was.
    const lines = (merged?.text ?? "").split(/\r?\n/);
    expect(text.split(/\r?\n/).filter((line) => line !== "" && !lines.includes(line))).toEqual([]);
    expect(addToYaml(merged?.text, AT, URL, FILE)).toBeUndefined();
    const back = merged && takeFromYaml(merged.text, merged.added, FILE);
    expect(back?.trimEnd()).toBe(text.trimEnd());
});

test.each([
    "mirrors:\n",
    "mirrors: {}\n",
    "{}",
    "mirrors: {docker.io: {endpoint: [a]}}\n",
    "mirrors: ~ # why\n",
])("where the text cannot be kept as it is, the document says the same: %j", (text) => {
    const merged = addToYaml(text, AT, URL, FILE);
    expect(parse(merged?.text ?? "")).toMatchObject({ mirrors: { [AT[1] ?? ""]: { endpoint: URL } } });
    const back = merged && takeFromYaml(merged.text, merged.added, FILE);
    const keys = (parsed: unknown) => (parsed as { mirrors?: object | null } | null)?.mirrors ?? {};
    expect(keys(parse(back ?? ""))).toEqual(keys(parse(text)));
});

test("what another hand adds in between stays as it is written", () => {
    const theirs = 'configs:\n  "other:1":   # theirs\n    tls: { insecure_skip_verify: true }\n';
    const two = [AT, ["mirrors", "docker.io", "endpoint"]].reduce<{ text: string; added: object[] }>(
        ({ text, added }, at) => {
            const merged = addToYaml(text || undefined, at, URL, FILE);
            return { text: merged?.text ?? "", added: [...added, merged?.added ?? {}] };
        },
        { text: "", added: [] },
    );
    const changed = two.text.replace("mirrors:\n", "mirrors:\n  mine:\n    endpoint: [ x ]\n") + theirs;
    const back = two.added.reduceRight<string | undefined>(
        (text, added) => text && takeFromYaml(text, added as Parameters<typeof takeFromYaml>[1], FILE),
        changed,
    );
    expect(back).toBe(`mirrors:\n  mine:\n    endpoint: [ x ]\n${theirs}`);
});

test.each([
    ["- a\n", "holds no YAML mapping"],
    ["mirrors: [a", "is not valid YAML"],
    ["a: 1\n---\nb: 2\n", "is not valid YAML"],
    ["mirrors: text\n", "has something else at mirrors: change that by hand"],
    [
        "mirrors:\n  r.example.com:5000:\n    endpoint: text\n",
        "has something else at mirrors > r.example.com:5000 > endpoint",
    ],
])("%j is refused and never written over", (text, problem) => {
    expect(() => addToYaml(text, AT, URL, FILE)).toThrow(MergeError);
    expect(() => addToYaml(text, AT, URL, FILE)).toThrow(problem);
    expect(() => addToYaml(text, AT, URL, FILE)).toThrow("it is left as it is");
});

const BLOCK = '[registry."r.example.com:5000"]\n  ca = ["/a"]\n';

test("a table at the end of a TOML file is taken back to the very text", () => {
    const line = fc.constantFrom(
        "debug = true",
        "# why",
        "",
        "[worker.oci]",
        "  gc = false",
        '[registry."docker.io"]',
    );
    fc.assert(
        fc.property(fc.array(line), fc.constantFrom("", "\n"), (lines, end) => {
            const text = lines.join("\n") + end;
            const merged = addBlock(text, BLOCK, FILE) ?? "";
            expect(merged.endsWith(BLOCK)).toBe(true);
            expect(addBlock(merged, BLOCK, FILE)).toBeUndefined();
            const back = takeBlock(merged, BLOCK) ?? "";
            expect(back.trimEnd()).toBe(text.trimEnd());
            const mine = `${merged}# mine\n`;
            expect(takeBlock(mine, BLOCK)?.endsWith("# mine\n")).toBe(true);
            expect(takeBlock(mine, BLOCK)).not.toContain("r.example.com");
        }),
    );
});

test.each([
    '[registry."r.example.com:5000"]\n  http = true\n',
    "[ registry . 'r.example.com:5000' ] # mine\n",
])("a table that is there with other keys is refused: %j", (text) => {
    expect(() => addBlock(text, BLOCK, FILE)).toThrow('add ca = ["/a"] to it by hand; it is left as it is.');
});
