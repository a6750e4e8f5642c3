/** The page's files, built of ui/: small enough to be kept in the repository, so that no deployment needs a bundler. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

import { build } from "esbuild";

import type { PageFile } from "../components/front/page";

const root = join(__dirname, "..");
const ui = (file: string) => join(root, "ui", file);

/** Browsers of the last three years. */
const TARGET = ["chrome111", "firefox113", "safari16.4"];

async function bundled(entry: string): Promise<string> {
    const { outputFiles } = await build({
        entryPoints: [ui(entry)],
        bundle: true,
        minify: true,
        write: false,
        charset: "utf8",
        format: "esm",
        target: TARGET,
        jsx: "automatic",
        jsxImportSource: "preact",
        legalComments: "none",
        logLevel: "error",
        tsconfig: ui("tsconfig.json"),
    });
    return outputFiles[0]?.text ?? "";
}

/** The text in a form that a `href` takes. */
const dataUrl = (svg: string) => `data:image/svg+xml,${encodeURIComponent(svg.trim())}`;

/** File name in the front's folder → its URL, media type and text. */
async function built(): Promise<{ path: string; file: string; type: string; text: string }[]> {
    const hashed = (kind: string, text: string) =>
        `/page/${createHash("sha256").update(text).digest("hex").slice(0, 16)}.${kind}`;
    const script = await bundled("main.tsx");
    const style = await bundled("style.css");
    const names = { SCRIPT: hashed("js", script), STYLE: hashed("css", style) };
    const html = readFileSync(ui("index.html"), "utf8")
        .replace("ICON", dataUrl(readFileSync(ui("icon.svg"), "utf8")))
        .replace("SCRIPT", names.SCRIPT)
        .replace("STYLE", names.STYLE)
        .replace(/\n\s+/g, "\n");
    return [
        { path: "/page/index.html", file: "page.html.gz", type: "text/html; charset=utf-8", text: html },
        { path: names.SCRIPT, file: "page.js.gz", type: "text/javascript; charset=utf-8", text: script },
        { path: names.STYLE, file: "page.css.gz", type: "text/css; charset=utf-8", text: style },
    ];
}

/** What is in the repository so far. */
function former(path: string): readonly PageFile[] {
    if (!existsSync(path)) return [];
    const list = /= (\[[\s\S]*\]);\s*$/.exec(readFileSync(path, "utf8"))?.[1] ?? "[]";
    const json = list.replace(/^(\s*)(\w+):/gm, '$1"$2":').replace(/,(\s*[\]}])/g, "$1");
    return JSON.parse(json) as PageFile[];
}

/** Text of components/front/page-files.ts. @param path where it lies */
export async function pageFilesTs(path: string): Promise<string> {
    const before = former(path);
    // Each release of Node compresses in its own way: what says the same stays as it is.
    const files = (await built()).map(({ text, ...file }): PageFile => {
        const same = before.find(
            ({ gzip }) => gunzipSync(Buffer.from(gzip, "base64")).toString("utf8") === text,
        );
        return { ...file, gzip: same?.gzip ?? gzipSync(text, { level: 9 }).toString("base64") };
    });
    return [
        "// Generated from ui/ by `npm run generate`.",
        'import type { PageFile } from "./page";',
        "",
        `export const PAGE_FILES: readonly PageFile[] = ${JSON.stringify(files)};`,
    ].join("\n");
}
