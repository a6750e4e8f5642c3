"use strict";
// What Pulumi runs (package.json names it as `main`): index.ts, bundled anew when a source of it changed. Plain
// `pulumi up` stays live on edited TypeScript this way, and starts without a type check and without a loader.
const path = require("path");

const { bundle } = require("./start.cjs");

const file = bundle(path.dirname(__dirname), {
    name: "program",
    entry: "index.ts",
    sources: ["index.ts", "config", "components"],
    // Needed only when an Engine refuses something.
    external: ["dockerode"],
});
module.exports = require(file);
