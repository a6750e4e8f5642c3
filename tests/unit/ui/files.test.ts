/** The page as it is delivered. */
import { gunzipSync } from "node:zlib";

import { pageFiles } from "../../../components/front/page";
import { PAGE_FILES } from "../../../components/front/page-files";

test("all of it takes no more than 80 kB on the wire", () => {
    const sizes = PAGE_FILES.map(({ gzip }) => Buffer.from(gzip, "base64").length);
    process.stderr.write(`the page: ${sizes.join(" + ")} bytes compressed\n`);
    expect(sizes.reduce((a, b) => a + b)).toBeLessThan(80_000);
});

test("the first file names the others, and nothing else from anywhere", () => {
    const texts = PAGE_FILES.map(({ gzip }) => gunzipSync(Buffer.from(gzip, "base64")).toString());
    const [html = ""] = texts;
    const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = ""]) => url);
    expect(named.filter((url) => !url.startsWith("data:"))).toEqual(
        [...PAGE_FILES.slice(1)].reverse().map(({ path }) => path),
    );
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script[^>]*>[^<]/);
    for (const text of texts) expect(text).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)/);
});

test("each lies beside nginx.conf under a name that stays", () => {
    expect(Object.keys(pageFiles("{}"))).toEqual(["page.html.gz", "page.js.gz", "page.css.gz", "page.json"]);
});
