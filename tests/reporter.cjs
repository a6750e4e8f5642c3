"use strict";
const { relative } = require("node:path");

/** What failed in a file, a line each; the file alone where it could not be loaded. */
function failures({ testFilePath, testResults, testExecError }) {
    const file = relative(process.cwd(), testFilePath);
    const tests = testResults.filter(({ status }) => status === "failed");
    return [
        ...(testExecError ? [`FAILED ${file}`] : []),
        ...tests.map(({ fullName }) => `FAILED ${file}: ${fullName}`),
    ];
}

/** Jest reporter that ends the output with what failed, a line each, and the plain line `N passed, N failed`. */
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
        const lines = [
            ...results.testResults.flatMap(failures),
            `${results.numPassedTests} passed, ${failed + skipped} failed`,
        ];
        // Jest's own summary goes to stderr and after the reporters' turn; at exit it is surely out.
        process.once("exit", () => process.stdout.write(`${lines.join("\n")}\n`));
        this.error = skipped > 0 ? new Error(`${skipped} tests were skipped`) : undefined;
    }

    getLastError() {
        return this.error;
    }
}

module.exports = ClosingLine;
