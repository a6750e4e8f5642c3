#!/usr/bin/env node
"use strict";
// The commands, in a project that has the package: `npx private-registry up`.
require("../setup/start.cjs").start(process.argv[2], process.argv.slice(3));
