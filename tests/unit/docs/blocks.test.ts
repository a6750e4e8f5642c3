/** Shell blocks of README and docs: each is run by tests/e2e/docs.test.ts, or marked with the reason why it is not. */
import { join } from "node:path";

import { commandsOf, pagesOf, previewed, readPage, readPages } from "../../e2e/docs-blocks";
import { NAMES, PAGES } from "../../e2e/docs-pages";

const ROOT = join(__dirname, "../../..");
const { blocks, problems } = readPages(ROOT);
const fence = (text: string, language = "sh") => `\`\`\`${language}\n${text}\n\`\`\`\n`;

test("every block of the pages is run, or marked with a reason that holds", () => {
    expect(problems).toEqual([]);
    expect(blocks.length).toBeGreaterThan(30);
});

test("what is prepared for the blocks is prepared for blocks that are there", () => {
    const run = blocks.filter(({ notRun }) => notRun === undefined);
    expect(Object.keys(PAGES).sort()).toEqual([...new Set(run.map(({ page }) => page))].sort());
    for (const [page, { scenes = [] }] of Object.entries(PAGES))
        for (const { block } of scenes)
            expect([
                page,
                block,
                run.filter((one) => one.page === page && one.text.includes(block)).length,
            ]).toEqual([page, block, 1]);
    const all = run.map(({ text }) => text).join("\n");
    // nexus.example.com is what the page makes of the test's domain.
    for (const name of NAMES) expect(all).toContain(name);
});

test.each([
    ["a mark without a reason", `<!-- not run: -->\n\n${fence("ssh host")}`, "a mark tells why"],
    ["a mark with half a word for one", `<!-- not run: no -->\n\n${fence("ssh host")}`, "a mark tells why"],
    [
        "a mark on what could run",
        `<!-- not run: takes long -->\n${fence("pulumi up")}`,
        "run it, and take the mark away",
    ],
    [
        "a mark with text between",
        `<!-- not run: other machine -->\nText.\n\n${fence("ssh host")}`,
        "directly before",
    ],
    ["a mark at the end", "<!-- not run: other machine -->\n", "directly before"],
    ["a mark on another block", `<!-- not run: other machine -->\n${fence("{}", "json")}`, "directly before"],
    ["a command that no language says to be one", fence("npm run up", ""), "write it as ```sh"],
    ["a language that is another name for it", fence("npm run up", "bash"), "are written ```sh"],
    ["a block without an end", "```sh\nnpm run up\n", "has no end"],
])("%s is told", (_what, text, said) => {
    expect(readPage("a.md", text).problems).toEqual([expect.stringContaining(said) as string]);
});

test("a mark belongs to the block after it alone", () => {
    const { blocks: found, problems: none } = readPage(
        "a.md",
        `<!-- not run: other machine -->\n\n${fence("ssh host")}\n${fence("npm run up")}\n- ${fence("x", "ts")}`,
    );
    expect(none).toEqual([]);
    expect(found.map(({ line, notRun }) => [line, notRun])).toEqual([
        [3, "other machine"],
        [7, undefined],
    ]);
});

test("commands are lines without comments, a continued one together with its next", () => {
    expect(commandsOf({ text: "# first\na \\\n    b\n\n  c # d" })).toEqual(["a b", "c # d"]);
});

test.each([
    [["pulumi config set a b"], [true]],
    [["pulumi config set a b\npulumi up"], [false]],
    [["pulumi up\npulumi config rm a"], [true]],
    [["pulumi config set a b && pulumi up && pulumi destroy"], [false]],
    [["npm run gc"], [false]],
    // What the next block reads, or a preview after it, needs none before.
    [
        ["pulumi config set a b", "pulumi config set --path b.c d", "npm run gc", "npm run up"],
        [false, false, false, false],
    ],
    [
        ["pulumi config set a b", "pulumi config set --path b.c d"],
        [false, true],
    ],
    // What another block sets anew, nobody would see.
    [
        [
            "pulumi config set --secret --path a.b c",
            "npm run gc",
            "pulumi config set --path a.b d\npulumi up",
        ],
        [false, true, false],
    ],
])("of the blocks %j a preview follows: %j", (texts, expected) => {
    expect(previewed(texts.map((text) => ({ text })))).toEqual(expected);
});

test("what a block sets is read before the next one begins with nothing set", () => {
    const [text, more] = ["pulumi config set a b", "pulumi config set c d\npulumi up"];
    expect(previewed([{ text }, { text: more, fresh: true }])).toEqual([true, false]);
});

test("the decisions of docs/adr are no page of these", () => {
    expect(pagesOf(ROOT)).toContain("docs/gc.md");
    expect(pagesOf(ROOT).filter((page) => page.includes("adr"))).toEqual([]);
});
