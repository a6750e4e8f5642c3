"use strict";
const Module = require("module");

/**
 * Has a package load where a property of it is first asked for, instead of where it is required.
 *
 * @param name package or file; from: file or folder of who requires it; known: properties that are answered without it, until it loads
 */
function loadLazily(name, from, known = {}) {
    let file;
    try {
        file = require.resolve(name, { paths: [from] });
    } catch {
        // What is not there is not loaded either.
        return;
    }
    if (require.cache[file]) return;
    const standIn = new Module(file);
    standIn.loaded = true;
    standIn.exports = new Proxy(
        {},
        {
            get: function (_, key) {
                // What a compiled `import * as` asks before any use.
                if (key === "__esModule") return true;
                if (require.cache[file] === standIn) {
                    if (Object.hasOwn(known, key)) return known[key];
                    delete require.cache[file];
                }
                const real = require(file);
                // As a compiled `import x from` asks for what is no ES module.
                return key === "default" && !real.__esModule ? real : real[key];
            },
        },
    );
    require.cache[file] = standIn;
}

module.exports = { loadLazily };
