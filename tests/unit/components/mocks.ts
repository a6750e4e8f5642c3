/** Pulumi's mocks, and a record of everything that was registered. Import this before any component. */
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

import type { PrivateRegistry, PrivateRegistryArgs } from "../../../components";

/** A resource as the engine got it. */
export interface Registration {
    type: string;
    name: string;
    /** The name of the parent; nothing under the stack itself. */
    parent: string;
    /** Inputs, secrets unwrapped. */
    inputs: Record<string, unknown>;
    /** Paths of the inputs that are secret: `uploads.0.content`. */
    secrets: string[];
    retainOnDelete: boolean;
    ignoreChanges: string[];
    replaceOnChanges: string[];
    /** Names of what it depends on. */
    dependencies: string[];
    provider: string;
    /** Names of its error hooks. */
    onError: string[];
    /** Names of what waits after its update. */
    afterUpdate: string[];
}

// The wire format of secrets (pulumi, developer-docs/providers/implementers-guide.md).
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

function reveal(value: unknown, path: string, secrets: string[]): unknown {
    if (Array.isArray(value)) return value.map((item, i) => reveal(item, `${path}.${i}`, secrets));
    if (typeof value !== "object" || value === null) return value;
    const tree = value as Record<string, unknown>;
    if (tree[SIGNATURE] === SECRET) {
        secrets.push(path);
        return reveal(tree.value, path, secrets);
    }
    const prefix = path === "" ? "" : `${path}.`;
    return Object.fromEntries(
        Object.entries(tree).map(([key, item]) => [key, reveal(item, prefix + key, secrets)]),
    );
}

const last = (urn: string) => urn.split("::").at(-1) ?? "";

// Nothing here is to look into an Engine, and the names under test may be somebody's.
process.env.DOCKER_HOST = "unix:///nonexistent/docker.sock";

let registrations: Registration[] = [];
let state: (type: string, name: string, inputs: Record<string, unknown>) => Record<string, unknown>;

const register = MockMonitor.prototype.registerResource;
MockMonitor.prototype.registerResource = async function (request, callback) {
    const secrets: string[] = [];
    const inputs = reveal(request.getObject()?.toJavaScript(), "", secrets) as Record<string, unknown>;
    registrations.push({
        type: request.getType(),
        name: request.getName(),
        parent: last(request.getParent()),
        inputs,
        secrets,
        retainOnDelete: request.getRetainondelete(),
        ignoreChanges: request.getIgnorechangesList(),
        replaceOnChanges: request.getReplaceonchangesList(),
        dependencies: request.getDependenciesList().map(last),
        provider: last(request.getProvider().replace(/::[^:]*$/, "")),
        onError: request.getHooks()?.getOnErrorList() ?? [],
        afterUpdate: request.getHooks()?.getAfterUpdateList() ?? [],
    });
    await register.call(this, request, callback);
};

// The mock monitor knows no hooks; a registration of one is enough here.
Object.assign(MockMonitor.prototype, {
    registerResourceHook: (_request: unknown, callback: (error: null, answer: object) => void) =>
        callback(null, {}),
    registerErrorHook: (_request: unknown, callback: (error: null, answer: object) => void) =>
        callback(null, {}),
});

void pulumi.runtime.setMocks(
    {
        newResource: ({ type, name, inputs }) => ({
            id: `id of ${name}`,
            state: { ...(inputs as object), ...state(type, name, inputs as Record<string, unknown>) },
        }),
        call: () => ({}),
    },
    "private-registry",
    "dev",
);

/** Names of what the piece of program that runs has registered so far. */
export const registered = (): string[] => registrations.map(({ name }) => name);

/** The value of an output; rejects where the output fails. */
export const valueOf = <T>(output: pulumi.Output<T>): Promise<T> =>
    (output as unknown as { promise(): Promise<T> }).promise();

/** Waits until all is registered. (Pulumi exports this and leaves it out of its types.) */
export const settled = (): Promise<void> =>
    (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();

/** Runs a piece of program to its end. */
export async function record<T>(
    program: () => T,
    computed: typeof state,
): Promise<{ result: T; all: Registration[] }> {
    registrations = [];
    state = computed;
    const result = program();
    await settled();
    return { result, all: registrations };
}

/** The one registration of a name, and of a type where several share the name. */
export function find(all: Registration[], name: string, type = ""): Registration {
    const found = all.filter((one) => one.name === name && one.type.includes(type));
    const [first] = found;
    if (first === undefined || found.length > 1)
        throw new Error(`${found.length} registrations of ${name} ${type}`);
    return first;
}

export type Deployment = { registry: PrivateRegistry; all: Registration[] };
export type Args = Partial<PrivateRegistryArgs>;
