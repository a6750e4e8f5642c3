"use strict";
// What a Pulumi program in another language starts from this checkout (pulumi-resource-private-registry on PATH, which
// `npm run env` has): the components as a package, bundled anew when a source changed.
const path = require("path");

const { BUNDLES, bundle } = require("./start.cjs");

module.exports = require(bundle(path.dirname(__dirname), BUNDLES.package));
