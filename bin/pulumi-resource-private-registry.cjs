#!/usr/bin/env node
"use strict";
// What Pulumi starts for a program in another language, where node_modules/.bin is on PATH.
require("../setup/package.cjs");
