"use strict";
// What Pulumi runs (package.json names it as `main`): index.ts, bundled anew when a source of it changed. Plain
// `pulumi up` stays live on edited TypeScript this way, and starts without a type check and without a loader.
const path = require("path");

require("./early.cjs");
const { BUNDLES, bundle } = require("./start.cjs");

// The engine reads both. Where it was killed, Pulumi's runner would report the broken pipe to that same pipe without end,
// and take all memory with it.
for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", function () {
        process.exit(1);
    });
}

module.exports = require(bundle(path.dirname(__dirname), BUNDLES.program));
