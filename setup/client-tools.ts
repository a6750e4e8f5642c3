import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type GoProgram, goBuild } from "./go";
import type { Machine } from "./machine";
import { acquireLock, makeFolder } from "./start.cjs";

const program = (name: string, module: string, version: string, about: string): GoProgram => ({
    name,
    module,
    version,
    package: `${module}/cmd/${name}`,
    minimumGo: "1.25",
    about,
});

/** Clients of registries that no Debian package has, for the tests. Built in this order they share what they can. */
const CLIENTS: readonly GoProgram[] = [
    program("crane", "github.com/google/go-containerregistry", "v0.22.1", "seconds"),
    program("oras", "oras.land/oras", "v1.3.6", "seconds"),
    program("regctl", "github.com/regclient/regclient", "v0.11.7", "seconds"),
    program("helm", "helm.sh/helm/v3", "v3.22.0", "some minutes on 2 cores"),
    program("buildctl", "github.com/moby/buildkit", "v0.34.2", "about 2 minutes on 2 cores"),
    program("buildkitd", "github.com/moby/buildkit", "v0.34.2", "some minutes on 2 cores"),
    program("nerdctl", "github.com/containerd/nerdctl", "v1.7.7", "about 2 minutes on 2 cores"),
];

const CONFORMANCE = "github.com/opencontainers/distribution-spec/conformance";

const OTHERS: readonly GoProgram[] = [
    // Pulumi's language host for YAML.
    program("pulumi-language-yaml", "github.com/pulumi/pulumi-yaml", "v1.25.0", "about 2 minutes on 2 cores"),
    {
        // The conformance suite of the OCI distribution specification.
        ...program("conformance", CONFORMANCE, "v0.0.0-20260831232431-97274622c111", "1 minute on 2 cores"),
        package: CONFORMANCE,
        minimumGo: "1.24",
    },
];

/** Builds one of them once per user. @returns path of the program */
export async function ensureClient(machine: Machine, name: string): Promise<string> {
    const one = [...CLIENTS, ...OTHERS].find((client) => client.name === name);
    if (one === undefined) throw new Error(`There is no program ${name}.`);
    const binary = join(machine.dirs.cache, "clients", `${one.name}-${one.version.slice(1)}`);
    if (existsSync(binary)) return binary;
    makeFolder(dirname(binary));
    const release = acquireLock(`${binary}.lock`, `${one.name}, a program for the tests`);
    try {
        if (!existsSync(binary)) await goBuild(machine, one, binary);
    } finally {
        release();
    }
    return binary;
}

/** Builds the clients of registries. @returns name → path of the program */
export async function ensureClients(machine: Machine): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const { name } of CLIENTS) found[name] = await ensureClient(machine, name);
    return found;
}
