/** README, its translation and the pages of docs: what they name is there, and a translation says what its original says. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { parse } from "yaml";

import { typeAt } from "../../../components/definition/option";
import { NEXUS_IMAGE } from "../../../components/nexus/plan";
import { options } from "../../../config/options";
import { commandsOf, isTranslation, readPage } from "../../e2e/docs-blocks";
import { DEFAULT_CACHE_IMAGE, DEFAULT_FRONT_IMAGE, DEFAULT_IMAGE } from "../../../address/default-images";

const ROOT = join(__dirname, "../../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const pagesIn = (folder: string) =>
    readdirSync(join(ROOT, folder))
        .filter((name) => name.endsWith(".md"))
        .map((name) => join(folder, name));
const PAGES = [...pagesIn("."), ...pagesIn("docs"), ...pagesIn("docs/adr")];
/** They tell of options that were. */
const HISTORY = ["CHANGELOG.md", "docs/adr/0013-one-definition.md"];
/** First part of options that have another name now; `redis` and `sites` still mean something else, too. */
const FORMER = ["ca", "site", "certificate", "frontSettings", "localNames", "anonymousPull", "redirectHttp"];
const READMES = ["README.md", "README.zh-CN.md"];

const withoutBlocks = (text: string) => text.replace(/^\s*(`{3,})[\s\S]*?^\s*\1\s*$/gm, "");
const headingsOf = (text: string) =>
    [...withoutBlocks(text).matchAll(/^(#+) (.*)$/gm)].map(([, marks = "", title = ""]) => ({
        level: marks.length,
        title,
    }));
const codesOf = (text: string) =>
    [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
const linksOf = (text: string) =>
    [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
/** As GitHub makes the anchor of a heading. */
const anchorOf = (title: string) =>
    title
        .toLowerCase()
        .replace(/[^\p{Letter}\p{Mark}\p{Number}\s_-]/gu, "")
        .replace(/\s/g, "-");
const pathOf = (key: string) =>
    key.match(/[^.[\]"']+|"[^"]*"/g)?.map((step) => step.replaceAll('"', "")) ?? [];
const isOption = (key: string) => {
    const path = pathOf(key.replace(/\.\*$/, ""));
    // What is below it is the registry's own.
    return path[0] === "registryConfig" || typeAt(options, path) !== undefined;
};
/** Keys of `pulumi config` commands in a text; KEY stands for any, and `${…}` is not known here. */
const keysSet = (text: string) =>
    [
        ...text.matchAll(
            /pulumi config (?:set|rm|get) (?:--(?:path|secret) )*(?:'([^']+)'|([a-z][\w.[\]"-]*))/g,
        ),
    ]
        .map(([, quoted, plain]) => quoted ?? plain ?? "")
        .filter((key) => !key.includes("$"));

describe.each(PAGES)("%s", (page) => {
    const text = read(page);

    test("every link leads somewhere", () => {
        const lost = linksOf(text).filter((target) => {
            if (/^https?:/.test(target)) return false;
            const [file = "", anchor] = target.split("#");
            const path = file === "" ? page : relative(ROOT, resolve(ROOT, dirname(page), file));
            if (!existsSync(join(ROOT, path))) return true;
            return (
                anchor !== undefined &&
                !headingsOf(read(path)).some(({ title }) => anchorOf(title) === anchor)
            );
        });
        expect(lost).toEqual([]);
    });

    test("every npm script that it names is there", () => {
        const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
        const named = [...text.matchAll(/npm run (?:--silent |-s )?([a-z][\w-]*)/g)].map(
            ([, name = ""]) => name,
        );
        expect(named.filter((name) => !(name in scripts))).toEqual([]);
    });

    if (!HISTORY.includes(page))
        test("every option that it names is one", () => {
            const sections = new Set([...Object.keys(options.shape), ...FORMER]);
            const dotted = codesOf(text).filter(
                (code) => /^[a-zA-Z]+(\.[a-z*][\w*]*)+$/.test(code) && sections.has(code.split(".")[0] ?? ""),
            );
            // Files, and in the decisions also options of the registry's own.
            const meant = dotted.filter((code) => !/\.(crt|key)$/.test(code) && !page.includes("adr/"));
            expect([...meant, ...keysSet(text)].filter((key) => !isOption(key))).toEqual([]);
            const former = codesOf(text).filter((code) => FORMER.includes(code.split(/[.:]/)[0] ?? ""));
            // A mirror and a store have a `ca` of their own.
            expect(former.filter((code) => code !== "ca" && !/\.(crt|key)$/.test(code))).toEqual([]);
            expect(codesOf(text).filter((code) => /^(tls|front|cache): [a-z-]+$/.test(code))).toEqual([]);
        });

    test("every path of the repository that it names is there", () => {
        const paths = codesOf(text).filter((code) =>
            /^(address|bench|clients|components|config|docs|engine|examples|generate|host|ops|plugins|setup|tests|text)\/[\w./-]*$/.test(
                code,
            ),
        );
        expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    });

    test("every image that it names is the one that the kit takes", () => {
        const images = [DEFAULT_IMAGE, DEFAULT_FRONT_IMAGE, DEFAULT_CACHE_IMAGE, NEXUS_IMAGE];
        const named = text.match(
            /(?<![\w/-])(registry|nginx|valkey\/valkey|redis|sonatype\/nexus3):\d[\w.-]*/g,
        );
        expect((named ?? []).filter((image) => !images.includes(image))).toEqual([]);
    });
});

describe.each(READMES)("%s", (page) => {
    const text = read(page);

    test("has at most 150 lines", () => {
        expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(150);
    });

    test("tells Node's version, and the stack that is there, as they are", () => {
        const { engines } = JSON.parse(read("package.json")) as { engines: { node: string } };
        const { config } = parse(read("Pulumi.dev.yaml")) as { config: Record<string, unknown> };
        expect(text).toContain(`Node ${engines.node.replace(/^>=(\d+).*/, "≥ $1")}`);
        expect(text).toContain(`\`${config["private-registry:domain"] as string}\``);
        for (const user of Object.keys(config["private-registry:users"] as object))
            expect(text).toContain(`\`${user}\``);
        expect(text).toContain("443");
    });

    test("shows of `npm run up` what it prints", () => {
        const sources = ["setup", "ops"].flatMap((folder) =>
            readdirSync(join(ROOT, folder))
                .filter((name) => /\.c?[jt]s$/.test(name))
                .map((name) => read(join(folder, name))),
        );
        const [, shown = ""] = /```text\n(npm packages:[\s\S]*?)```/.exec(text) ?? [];
        const labels = [...shown.matchAll(/^([A-Z][A-Za-z ]+): {2,}/gm)].map(([, label = ""]) => label);
        expect(labels).toEqual(["Endpoint", "CA certificate", "Log in", "Passwords", "Undo"]);
        for (const label of labels)
            expect([label, sources.some((source) => source.includes(`line("${label}"`))]).toEqual([
                label,
                true,
            ]);
        for (const sentence of [
            "installing what package-lock.json names",
            "was generated into",
            "is ready in",
            "Make these changes?",
        ]) {
            expect(shown).toContain(sentence);
            expect([sentence, sources.some((source) => source.includes(sentence))]).toEqual([sentence, true]);
        }
    });
});

test.each(READMES)("%s shows tests that there are", (page) => {
    const [, file = "", shown = ""] = /PASS e2e (\S+)[^\n]*\n([\s\S]*?)```/.exec(read(page)) ?? [];
    const titles = [...shown.matchAll(/✓ (.*) \(\d+ ms\)/g)].map(([, title = ""]) => title);
    const source = read(file);
    expect(titles.length).toBeGreaterThan(3);
    expect(titles.filter((title) => !source.includes(`test("${title}"`))).toEqual([]);
    expect(shown).toContain(`${titles.length} passed, 0 failed`);
});

describe.each(PAGES.filter(isTranslation))("%s, beside its original", (page) => {
    const original = page.replace(".zh-CN.md", ".md");
    const [here, there] = [read(page), read(original)];
    /** Without what leads from one language to the other. */
    const targets = (text: string) =>
        linksOf(text)
            .map((target) => target.replace(/\.zh-CN\.(md|png)$/, ".$1").replace(/#.*/, ""))
            .filter((target) => target !== "" && target !== original.replace("docs/", ""))
            .sort();

    test("has the same headings, level by level", () => {
        expect(headingsOf(here).map(({ level }) => level)).toEqual(
            headingsOf(there).map(({ level }) => level),
        );
    });

    test("has the same blocks", () => {
        const blocks = (text: string) =>
            [...text.matchAll(/^\s*```(\w*)\n([\s\S]*?)^\s*```$/gm)].map(([, language, body = ""]) =>
                language === "sh" ? commandsOf({ text: body.replace(/ +# .*$/gm, "") }) : body,
            );
        expect(blocks(here)).toEqual(blocks(there));
        const marks = (name: string, text: string) =>
            readPage(name, text).blocks.map(({ notRun }) => notRun !== undefined);
        expect(marks(page, here)).toEqual(marks(original, there));
    });

    test("names the same commands, options and paths, and leads to the same pages", () => {
        const once = (text: string) => [...new Set(codesOf(text))].sort();
        expect(once(here)).toEqual(once(there));
        expect(targets(here)).toEqual(targets(there));
    });

    test("has the same rows of tables and items of lists", () => {
        const rows = (text: string) => withoutBlocks(text).match(/^\s*(\||- |\d+\. )/gm)?.length;
        expect(rows(here)).toBe(rows(there));
    });
});

test("no sentence stands twice in README and docs", () => {
    const where = new Map<string, string[]>();
    for (const page of PAGES.filter((one) => !isTranslation(one) && one !== "docs/configuration.md")) {
        const text = withoutBlocks(read(page)).replace(/<!--[\s\S]*?-->/g, "");
        const plain = text.replace(/\]\([^)]*\)/g, "]").replace(/\s+/g, " ");
        for (const sentence of plain.split(/(?<=[.:!?])\s|\s\|\s/)) {
            const words = sentence
                .replace(/[^\p{Letter}\p{Number}\s]/gu, "")
                .trim()
                .toLowerCase();
            if (words.split(/\s+/).length < 8) continue;
            where.set(words, [...(where.get(words) ?? []), page]);
        }
    }
    expect([...where].filter(([, pages]) => pages.length > 1)).toEqual([]);
});

test("docs/commands.md tells of every output of the program, and of no other", () => {
    const [, body = ""] = /export = \{([\s\S]*)\};/.exec(read("index.ts")) ?? [];
    const outputs = [...body.matchAll(/^ {4}(\w+)[:,]|[{ ](nexus\w+):|\{ (keys) \}/gm)].map(
        ([, plain, nexus, keys]) => plain ?? nexus ?? keys,
    );
    const [, table = ""] = /## Outputs[\s\S]*?\|[-|]+\n((?:\|.*\n)+)/.exec(read("docs/commands.md")) ?? [];
    const told = table.split("\n").flatMap((row) => codesOf(row.split("|")[1] ?? ""));
    expect(outputs.length).toBeGreaterThan(5);
    expect(told.sort()).toEqual(outputs.sort());
});

test("the index of docs leads to every page", () => {
    const pages = pagesIn("docs").map((page) => page.replace("docs/", ""));
    const linked = linksOf(read("docs/README.md"));
    expect(pages.filter((page) => page !== "README.md" && !linked.includes(page))).toEqual([]);
});

test("every `pulumi config` command that the kit prints is about an option that there is", () => {
    const files = ["components", "config", "ops", "setup"].flatMap((folder) =>
        readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
            .filter((name) => /\.(ts|cjs|sh)$/.test(name))
            .map((name) => join(folder, name)),
    );
    const keys = files.flatMap((file) => keysSet(read(file)).map((key) => [file, key] as const));
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter(([, key]) => !isOption(key))).toEqual([]);
    // Of those that set a value of few words, whether the option takes it.
    const set = /pulumi config set (?:--path )?([a-z][\w.]*) ([a-z][a-z-]*|\d+)(?![\w./:-])/g;
    const values = files.flatMap((file) =>
        [...read(file).matchAll(set)].map(([, key = "", value = ""]) => ({ file, key, value })),
    );
    expect(values.length).toBeGreaterThan(0);
    const taken = ({ key, value }: { key: string; value: string }) => {
        const given: unknown = /^(true|false|\d+)$/.test(value) ? JSON.parse(value) : value;
        return typeAt(options, pathOf(key))?.safeParse(given).success;
    };
    expect(values.filter((one) => !taken(one))).toEqual([]);
});
