"use strict";
const { transformSync } = require("esbuild");

/**
 * Jest's transform: TypeScript by esbuild, which strips the types and checks none. A `jest.mock` is not
 * moved above the imports: it stands in a file that is imported first.
 */
module.exports = {
    process(source, path) {
        const { code, map } = transformSync(source, {
            loader: "ts",
            format: "cjs",
            target: "node20",
            sourcefile: path,
            sourcemap: "external",
            // Jest resolves and replaces what is required, not what is imported late.
            supported: { "dynamic-import": false },
        });
        return { code, map };
    },
};
