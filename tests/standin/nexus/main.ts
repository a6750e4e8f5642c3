/** The stand-in as the program of a container: as slow to start and as particular about its surroundings as Nexus. */
import { start } from "./server";

const say = (text: string) => process.stdout.write(`${new Date().toISOString()} stand-in: ${text}\n`);

function fail(text: string): never {
    say(text);
    process.exit(1);
}

say(
    "This is a STAND-IN for Sonatype Nexus Repository 3, made by private-registry for its tests. It is not Nexus.",
);

const params = process.env.INSTALL4J_ADD_VM_PARAMS ?? "";
for (const option of [
    /-Xms\d+m/,
    /-Xmx\d+m/,
    /-XX:MaxDirectMemorySize=\d+m/,
    /-Djava\.util\.prefs\.userRoot=\/nexus-data/,
])
    if (!option.test(params)) fail(`INSTALL4J_ADD_VM_PARAMS is "${params}" and lacks ${option.source}`);
if (process.getuid?.() !== 200) fail(`runs as user ${process.getuid?.()}, and the image's user is 200`);

// Java opens the port a while after the start, and Nexus answers 503 for a while after that.
setTimeout(() => {
    void start({
        folder: "/nexus-data",
        port: 8081,
        host: "0.0.0.0",
        startUp: 1500,
        connectors: true,
        log: say,
    }).then(({ server }) =>
        process.on("SIGTERM", () => {
            say("stopping");
            server.close(() => process.exit(0));
            server.closeAllConnections();
        }),
    );
}, 1000);
