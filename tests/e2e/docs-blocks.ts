/** The shell blocks of README and docs, and which of them are marked as not run. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Block {
    /** Path of the page below the checkout. */
    page: string;
    /** Line of the page at which the block's fence begins, from 1. */
    line: number;
    text: string;
    /** Reason of `<!-- not run: REASON -->` directly before the block. */
    notRun?: string | undefined;
}

export interface Read {
    blocks: Block[];
    /** What is wrong with the page's blocks and marks, one sentence each. */
    problems: string[];
}

/**
 * README.md and the pages of docs; the decisions in docs/adr tell no reader to run anything. A translation has the blocks of its
 * original (tests/unit/docs/pages.test.ts), so its own are not run.
 */
export function pagesOf(root: string): string[] {
    const docs = readdirSync(join(root, "docs")).filter(
        (name) => name.endsWith(".md") && !isTranslation(name),
    );
    return ["README.md", ...docs.sort().map((name) => `docs/${name}`)];
}

export const isTranslation = (page: string): boolean => page.endsWith(".zh-CN.md");

const MARK = /^\s*<!--\s*not run:?\s*(.*?)\s*-->\s*$/i;
/** Beginning of a line that a reader would paste into a shell. */
const COMMAND = /^\s*(\$ )?(sudo |npm |npx |pulumi |docker |git |curl |skopeo |eval |sh |ssh |scp )/;
/**
 * What a test cannot do for itself: other machines, other systems, clusters, their timers, registries that are elsewhere, clients and images
 * that are not there, the tests as a whole.
 */
const ELSEWHERE =
    /\b(ssh|scp|systemctl|apt-get|dnf|update-ca-[a-z]+|aws|az|gcloud|install\.sh|docker buildx|helm|kubectl)\b|npm test\b|npm run schedule$|npm config set registry|npm install private-registry\b/m;

/** Reads a page. */
export function readPage(page: string, text: string): Read {
    const blocks: Block[] = [];
    const problems: string[] = [];
    const lines = text.split("\n");
    /** A mark that no block followed yet. */
    let mark: { line: number; reason: string } | undefined;
    const orphan = () => {
        if (mark)
            problems.push(`${page}:${mark.line}: a mark stands directly before a shell block, or nowhere`);
        mark = undefined;
    };
    for (let i = 0; i < lines.length; i++) {
        const at = `${page}:${i + 1}`;
        const line = lines[i] ?? "";
        const reason = MARK.exec(line)?.[1];
        const [, indent, fence, language] =
            /^(\s*(?:(?:[-*+]|\d+\.)\s+)?)(`{3,}|~{3,})\s*(\S*)/.exec(line) ?? [];
        if (reason !== undefined) {
            orphan();
            mark = { line: i + 1, reason };
            if (!/\w+ \w+/.test(reason))
                problems.push(`${at}: a mark tells why in a sentence: <!-- not run: REASON -->`);
        } else if (fence !== undefined && indent !== undefined) {
            const body: string[] = [];
            const begin = i;
            for (i++; i < lines.length && !(lines[i] ?? "").trim().startsWith(fence); i++)
                body.push((lines[i] ?? "").slice(indent.length));
            if (i >= lines.length) problems.push(`${at}: the block has no end`);
            const block = { page, line: begin + 1, text: body.join("\n"), notRun: mark?.reason };
            const shell = /^(sh|bash|shell|console|zsh)$/i.test(language ?? "");
            if (shell && language !== "sh") problems.push(`${at}: shell blocks are written \`\`\`sh`);
            if (!shell && !language && body.some((one) => COMMAND.test(one)))
                problems.push(`${at}: it has a command: write it as \`\`\`sh, so that it is run`);
            if (!shell) orphan();
            else {
                if (mark && !ELSEWHERE.test(block.text))
                    problems.push(
                        `${at}: nothing in the block needs another machine: run it, and take the mark away`,
                    );
                blocks.push(block);
                mark = undefined;
            }
        } else if (line.trim() !== "") orphan();
    }
    orphan();
    return { blocks, problems };
}

/** Reads all pages of a checkout. */
export function readPages(root: string): Read {
    const all = pagesOf(root).map((page) => readPage(page, readFileSync(join(root, page), "utf8")));
    return {
        blocks: all.flatMap(({ blocks }) => blocks),
        problems: all.flatMap(({ problems }) => problems),
    };
}

/** The commands of a block: its lines without comments, one that ends with a backslash together with the next. */
export function commandsOf({ text }: Pick<Block, "text">): string[] {
    return text
        .replace(/\\\n\s*/g, "")
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !line.startsWith("#"));
}

/**
 * Whether a preview is to follow a block, for each of a page's: what is set must be accepted by it where no command reads it before the
 * page's end, or before another block sets the same or begins with nothing set (`fresh`).
 */
export function previewed(blocks: readonly (Pick<Block, "text"> & { fresh?: boolean })[]): boolean[] {
    const reads = /\b(pulumi (up|preview|destroy)|npm run (up|destroy))\b/;
    const unread = new Set<string>();
    const found = blocks.map(() => false);
    const ends = (index: number) => {
        if (unread.size > 0) found[index] = true;
        unread.clear();
    };
    for (const [index, block] of blocks.entries()) {
        const steps = commandsOf(block).flatMap((command) => command.split("&&"));
        const paths = steps.map((step) => /\bpulumi config (?:set|rm)(?: --?\S+)* (\S+)/.exec(step)?.[1]);
        if (block.fresh || paths.some((path) => path !== undefined && unread.has(path))) ends(index - 1);
        for (const [at, step] of steps.entries()) {
            if (reads.test(step)) unread.clear();
            const path = paths[at];
            if (path !== undefined) unread.add(path);
        }
    }
    ends(blocks.length - 1);
    return found;
}
