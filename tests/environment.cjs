"use strict";
// It comes with jest.
const { TestEnvironment } = require("jest-environment-node");

/**
 * Jest's own environment, without one cost: the SDK notes for each promise where it was made, by an Error without a message,
 * and jest would map each of these stacks to the TypeScript sources. Only failures are worth that, and what jest itself notes:
 * its errors are of this realm, and those of the tests are not.
 */
module.exports = class extends TestEnvironment {
    async setup() {
        await super.setup();
        const mapped = Error.prepareStackTrace;
        Error.prepareStackTrace = (error, sites) =>
            error?.message === "" && !(error instanceof Error) ? String(error) : mapped(error, sites);
    }

    /** Ends what a file of tests keeps for all of its tests, after all that they do at the end. */
    async teardown() {
        for (const child of this.global[Symbol.for("kept")] ?? []) child.kill();
        await super.teardown();
    }
};
