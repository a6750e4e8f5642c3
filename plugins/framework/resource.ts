/**
 * What one resource type of an embedded provider plugin is made of.
 *
 * The plugins answer Configure with `acceptSecrets: false`: the engine then takes the secret wrappers off every
 * input before it calls, and marks the outputs of the same name as secret afterwards, so no resource has to
 * handle them (pulumi/pulumi, sdk/go/common/resource/plugin/provider_plugin.go, annotateSecrets).
 */

/** A resource's properties in the official schema's camelCase names, as plain JSON values. */
export type Props = Record<string, unknown>;

/** The value that stands for "not known yet" in a preview (UnknownStringValue of the Pulumi wire format). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** One input of a resource type. An input without a rule is refused by name: never ignored. */
export interface InputRule {
    type: "string" | "integer" | "number" | "boolean" | "array" | "object" | "map";
    /** @default false */
    required?: boolean;
    /** A change replaces the resource (willReplaceOnChanges of the official schema). @default false */
    replace?: boolean;
    /** The value that Check fills in where the program gives none. */
    default?: unknown;
    /** The value in force where the program gives none, which Check leaves out of the inputs: Diff compares State with it. */
    implied?: unknown;
    /** The resource fills it in where the program gives none, so its absence is no change. @default false */
    computed?: boolean;
    /** The order of an array does not matter (a Terraform set). @default false */
    set?: boolean;
    /** For an object, and for an array of objects: the rules of its members. */
    members?: Record<string, InputRule>;
    /** For an array of plain values, and for a map: the type of an element. */
    element?: "string" | "integer" | "number" | "boolean";
    /** A check of a known value. Gives one sentence with the fix, or nothing. */
    validate?: (value: never) => string | undefined;
}

/** What Create and Update give back. */
export interface Created {
    id: string;
    /** Every output that the official plugin writes. */
    outs: Props;
}

/** What Read gives back; `undefined` where the resource is gone. */
export interface Found extends Created {
    /** The inputs that would make the resource as it stands now. */
    inputs: Props;
}

/** The resource exists but is not as it should be: it is kept in state and the next `up` deals with it. */
export class InitializationError extends Error {
    constructor(
        readonly id: string,
        readonly outs: Props,
        readonly reasons: string[],
    ) {
        super(reasons.join("\n"));
        this.name = "InitializationError";
    }
}

/** One resource type. `C` is what the provider's configuration became, a Docker client for instance. */
export interface ResourceType<C = void> {
    /** The official type token, `docker:index/volume:Volume`. */
    readonly token: string;
    readonly inputs: Record<string, InputRule>;
    /** Names a resource that the program leaves unnamed: the input that gets `<logical name>-<7 hex digits>`. */
    readonly autoName?: string;
    /** The old one goes first when the resource is replaced. @default false */
    readonly deleteBeforeReplace?: boolean;
    /**
     * Outputs that are secret by the official schema. The SDKs name them on their own at each registration;
     * `pulumi import` does not.
     */
    readonly secretOutputs?: readonly string[];
    /** Errors that need more than one input. One sentence each, with the fix. */
    check?(news: Props): string[];
    /** Brings a value to the form that State holds, for Diff ("1GB" → 1024). */
    normalize?(property: string, value: unknown): unknown;
    /** Changes beyond those that a comparison of inputs with outputs finds (an end of validity that comes near). */
    diff?(olds: Props, news: Props): { property: string; replace: boolean }[];
    /** @throws InitializationError where the resource exists but is not ready. */
    create(inputs: Props, client: C): Promise<Created>;
    /** @param state the last known outputs; empty on import. */
    read(id: string, state: Props, inputs: Props, client: C): Promise<Found | undefined>;
    /** Missing where every input replaces. */
    update?(id: string, olds: Props, news: Props, client: C): Promise<Props>;
    /** Missing where there is nothing to take away. A resource that is gone already is no error. */
    delete?(id: string, olds: Props, client: C): Promise<void>;
}

/** One embedded plugin. */
export interface Package<C = void> {
    /** The official name, `docker`. */
    readonly name: string;
    /** The official plugin's version that it stands in for. */
    readonly version: string;
    /** The provider configuration that is implemented, `host` for instance. Another key is refused by name. */
    readonly config: Record<string, InputRule>;
    readonly resources: readonly ResourceType<C>[];
    /** Turns the provider's configuration into what the resources get. Called at first use, not at start. */
    configure(config: Props): Promise<C> | C;
}
