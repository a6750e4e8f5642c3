/**
 * `npm run build`: dist/ of the npm package. The commands, the program and the plugins as bundles, so that an installed package
 * builds nothing; the components as modules with their types.
 */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

import { buildSync } from "esbuild";

import { KIT_PLUGINS, PLUGIN_NAMES } from "../setup/plugins";
import { pluginOptions } from "../setup/plugins-embedded";
import { BUNDLES, bundleOptions } from "../setup/start.cjs";

const root = join(__dirname, "..");
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
for (const what of Object.values(BUNDLES))
    buildSync(bundleOptions(root, what, join(dist, `${what.name}.cjs`)));
const plugins = [...PLUGIN_NAMES, ...KIT_PLUGINS.flatMap((one) => ("source" in one ? [one.source] : []))];
for (const name of plugins)
    buildSync(pluginOptions(join(root, "plugins", name, "main.ts"), join(dist, `plugin-${name}.cjs`)));
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });
