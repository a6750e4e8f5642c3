"use strict";

/** Jest reporter that ends the output with the plain line `N passed, N failed`. */
class ClosingLine {
    constructor(globalConfig) {
        // `npm test -- -t name` leaves the others out on purpose.
        this.filtered = Boolean(globalConfig.testNamePattern);
    }

    onRunComplete(_contexts, results) {
        // A suite that could not even be loaded has no tests to count, and must not pass for none.
        const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
        // Nothing is skipped silently: a test that did not run is a failure here.
        const skipped = this.filtered ? 0 : results.numPendingTests + results.numTodoTests;
        const line = `${results.numPassedTests} passed, ${failed + skipped} failed\n`;
        // Jest's own summary goes to stderr and after the reporters' turn; at exit it is surely out.
        process.once("exit", () => process.stdout.write(line));
        this.error = skipped > 0 ? new Error(`${skipped} tests were skipped`) : undefined;
    }

    getLastError() {
        return this.error;
    }
}

module.exports = ClosingLine;
