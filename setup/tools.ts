import { isAbsolute } from "node:path";
import { aptInstall, isDebian, readOsRelease } from "./debian";
import { SetupError } from "./errors";
import type { Machine } from "./machine";
import { say } from "./progress";
import { isExecutable, run, which } from "./run";

interface TestTool {
    /** Name on PATH, or a whole path. */
    program: string;
    /** Debian packages that have it, the first one that exists is taken. */
    packages: string[];
}

// What the end-to-end tests use as clients that are not of the kit's own making.
const TEST_TOOLS: TestTool[] = [
    { program: "docker", packages: ["docker-cli", "docker.io"] },
    { program: "skopeo", packages: ["skopeo"] },
    { program: "podman", packages: ["podman"] },
    { program: "openssl", packages: ["openssl"] },
    { program: "curl", packages: ["curl"] },
    // Alone in an image, and a shell that is not the machine's own.
    { program: "busybox", packages: ["busybox-static"] },
    { program: "htpasswd", packages: ["apache2-utils"] },
    { program: "systemd-analyze", packages: ["systemd"] },
    // For a client machine beside this one (tests/e2e/client-host.ts).
    { program: "dockerd", packages: ["docker.io"] },
    { program: "ctr", packages: ["containerd"] },
    { program: "ip", packages: ["iproute2"] },
    // For a cluster of the tests' own (tests/e2e/kubernetes/cluster.ts).
    { program: "etcd", packages: ["etcd-server"] },
    { program: "kubectl", packages: ["kubernetes-client"] },
    { program: "conntrack", packages: ["conntrack"] },
    { program: "iptables", packages: ["iptables"] },
    { program: "ipset", packages: ["ipset"] },
    { program: "/usr/lib/cni/bridge", packages: ["containernetworking-plugins"] },
    // A browser, for the page (tests/e2e/browser.ts).
    { program: "chromium", packages: ["chromium"] },
];

/** The programs that the tests call: installed on Debian and Ubuntu as root, else named. */
export async function ensureTestTools(machine: Machine, env: NodeJS.ProcessEnv): Promise<void> {
    const missing = TEST_TOOLS.filter(
        ({ program }) => !(isAbsolute(program) ? isExecutable(program) : which(program, env)),
    );
    if (missing.length === 0) return;
    const names = missing.map(({ program }) => program).join(", ");
    const debian = machine.platform === "linux" && isDebian(readOsRelease());
    if (!debian || !machine.isRoot) {
        const packages = missing.map((tool) => tool.packages.at(-1)).join(" ");
        const how = debian
            ? `\`sudo apt-get install -y ${packages}\``
            : `install them (on Debian: ${packages})`;
        throw new SetupError(`The tests need ${names}, which this machine does not have: ${how}.`);
    }
    say(`Test tools: installing ${names} with apt-get, as independent clients of the registry …`);
    const packages: string[] = [];
    for (const tool of missing) packages.push(await firstKnown(tool.packages));
    await aptInstall(packages, "installing test tools");
}

// Debian 13 took the docker command out of docker.io.
async function firstKnown(names: string[]): Promise<string> {
    for (const name of names) {
        const result = await run("apt-cache", ["show", "--no-all-versions", name]);
        if (result.code === 0 && result.stdout.trim()) return name;
    }
    return names.at(-1) ?? "";
}
