// Types are checked by `npm run check`, and checking them here would double the time.
const project = (name) => ({
    displayName: name,
    rootDir: __dirname,
    testEnvironment: "<rootDir>/tests/environment.cjs",
    // The SDK keeps timers that jest would warn of, at length.
    testEnvironmentOptions: { globalsCleanup: "off" },
    testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
    transform: { "\\.ts$": "<rootDir>/tests/transform.cjs" },
});

module.exports = {
    projects: ["unit", "integration", "e2e"].map(project),
    // End-to-end tests deploy real registries; this is the limit of one test, in milliseconds.
    testTimeout: 600_000,
    maxWorkers: 2,
    // Of `npm run test:coverage`.
    coverageProvider: "v8",
    coverageReporters: ["text-summary", "html", "json-summary"],
    collectCoverageFrom: ["{components,config,ops,plugins,setup}/**/*.ts"],
    reporters: ["default", "<rootDir>/tests/reporter.cjs"],
};
