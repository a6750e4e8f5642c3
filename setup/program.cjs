"use strict";
// What Pulumi runs (package.json names it as `main`): index.ts, bundled anew when a source of it changed. Plain
// `pulumi up` stays live on edited TypeScript this way, and starts without a type check and without a loader.
const path = require("path");

const { loadLazily } = require("./lazy.cjs");
const { bundle } = require("./start.cjs");

const sdk = require.resolve("@pulumi/pulumi");
// For functions that are sent to the engine as text (closures of dynamic providers): a fifth of the time of an `up`.
loadLazily("typescript", sdk);
loadLazily("@npmcli/arborist", sdk);
// The SDK keeps a stack trace of each of its promises, and Pulumi's runner has every frame looked up in source maps.
delete Error.prepareStackTrace;

const file = bundle(path.dirname(__dirname), {
    name: "program",
    entry: "index.ts",
    sources: ["index.ts", "config", "components"],
    // Needed only when an Engine refuses something.
    external: ["dockerode"],
});
module.exports = require(file);
