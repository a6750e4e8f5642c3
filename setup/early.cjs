"use strict";
// Node runs this before Pulumi's SDK (`nodeargs` in Pulumi.yaml; setup/program.cjs too, for a language host that does not
// tell Node of it). What the SDK loads at its start and the kit does without loads where it is first asked for.
const path = require("path");

const { loadLazily } = require("./lazy.cjs");

const sdk = path.dirname(require.resolve("@pulumi/pulumi/package.json"));
// For functions that are sent to the engine as text (closures of dynamic providers), a debugger session that slows the
// loading of every file among it. Started later, it knows no file names for the errors of functions loaded before.
loadLazily("typescript", sdk);
loadLazily("@npmcli/arborist", sdk);
loadLazily("normalize-package-data", sdk);
loadLazily("@pulumi/pulumi/runtime/closure/v8Hooks", sdk, { isInitializedAsync: async function () {} });
// For `pulumi up --tracing URL`, which asks for `start`. Without it spans go nowhere.
loadLazily("@pulumi/pulumi/cmd/run/tracing", sdk, {
    newSpan: function (name) {
        const api = require(require.resolve("@opentelemetry/api", { paths: [sdk] }));
        return api.trace.getTracer(name).startSpan(name);
    },
});
// For programs that run other programs.
loadLazily("@pulumi/pulumi/automation", sdk);
// The SDK keeps a stack trace of each of its promises, to tell of those that never end, and this has every frame looked up in source maps.
loadLazily("source-map-support/register", sdk);
delete Error.prepareStackTrace;
// Written out they take a thirtieth of a run without a change, for who looks for leaked promises.
if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
    Error.prepareStackTrace = function (error, frames) {
        if (frames[0] && frames[0].getFunctionName() === "debuggablePromise") return "";
        return [String(error)].concat(frames).join("\n    at ");
    };
}
