/** `npm run generate`: writes what is made of other files of the repository; with `--check` it only tells what differs. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { instance } from "@viz-js/viz";
import { format, resolveConfig } from "prettier";

import { argsTs } from "./args-ts";
import { configurationMd } from "./configuration-md";
import { pageFilesTs } from "./page";
import { packageSchema } from "./package-schema";
import { pulumiYaml } from "./pulumi-yaml";

const root = join(__dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** The picture of README, by a Graphviz that is an npm package: the same on every machine. */
const drawn = async (source: string): Promise<string> =>
    (await instance()).renderString(read(source), { format: "svg" });

async function main(): Promise<void> {
    const texts: Record<string, string> = {
        "components/args.ts": argsTs(),
        "components/front/page-files.ts": await pageFilesTs(join(root, "components/front/page-files.ts")),
        "docs/configuration.md": configurationMd(),
        "Pulumi.yaml": pulumiYaml(read("Pulumi.yaml")),
        "plugins/private-registry/schema.json": JSON.stringify(packageSchema()),
        "docs/architecture.svg": await drawn("docs/architecture.dot"),
    };
    const differ: string[] = [];
    for (const [file, text] of Object.entries(texts)) {
        const path = join(root, file);
        const options = { ...(await resolveConfig(path)), filepath: path };
        const pretty = file.endsWith(".svg") ? text : await format(text, options);
        const former = (() => {
            try {
                return read(file);
            } catch {
                return "";
            }
        })();
        if (former === pretty) continue;
        differ.push(file);
        if (!process.argv.includes("--check")) writeFileSync(path, pretty);
    }
    if (differ.length === 0) return;
    if (!process.argv.includes("--check"))
        return void process.stdout.write(`${differ.join(", ")}: written\n`);
    process.stderr.write(`${differ.join(", ")}: not what its source says; run \`npm run generate\`\n`);
    process.exitCode = 1;
}

void main();
