import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { SetupError, messageOf } from "./errors";
import { fileBackend } from "./file-backend";
import { readJson } from "./json";
import { type Machine, pulumiHome } from "./machine";
import { readText } from "./start.cjs";

const PROJECT = "private-registry";
/** The stack of a folder in which none was selected. */
export const DEFAULT_STACK = "dev";

/** The variable by which a program knows the file that `--config-file` named to the command which runs it. */
export const CONFIG_FILE = "PRIVATE_REGISTRY_CONFIG_FILE";

/** The settings that must be known before Pulumi runs; config/ validates all of them again. */
export interface EarlySettings {
    dockerHost?: string;
    image?: string;
    /** Registry that mirrors Docker Hub, such as `mirror.example.com`. */
    imageMirror?: string;
    /** Tarball made by `docker save`, absolute. */
    imageTarball?: string;
    /** Name of the registry container. */
    containerName?: string;
    /** Asks for the image of the front as well. */
    front?: boolean;
    /** front.image */
    frontImage?: string;
    /** Asks for the image of the cache as well. */
    cache?: boolean;
    /** cache.valkey.image */
    cacheImage?: string;
    /** Nexus is to run, and its licence is accepted: asks for its image as well. */
    nexus?: boolean;
    /** nexus.image */
    nexusImage?: string;
    /** Asks for the image of rclone as well, with which a command reads a store elsewhere. */
    rclone?: boolean;
    /** Asks for the image of restic as well. */
    backup?: boolean;
    /** backup.image */
    backupImage?: string;
    /** Asks for the image of lego as well. */
    acme?: boolean;
    /** tls.acme.image */
    acmeImage?: string;
    /** Asks for the image of regsync as well. */
    sync?: boolean;
    /** sync.image */
    syncImage?: string;
    /** `systemd` needs no Docker, `kubernetes` a provider of its own. */
    target?: string;
    /** Of the options of that name what says which cluster it is, as far as it stands there in clear. */
    kubernetes?: { context?: string; namespace?: string };
}

export interface Stack {
    name: string;
    /** Whether `--stack` or PULUMI_STACK named it: then the selected stack stays what it is. */
    named: boolean;
    /** URL of the backend with the state. */
    backend: string;
    /** Whether that backend is the user's choice; else it is the kit's own, in files. */
    ownBackend: boolean;
    /** The stack's configuration file, where something in it is encrypted with a passphrase. */
    encryptedConfig?: string | undefined;
    settings: EarlySettings;
}

/** Start of the names of a stack's Docker objects, and the value of their label. */
export const prefixOf = ({ name }: Pick<Stack, "name">): string =>
    `${PROJECT}-${name.split("/").pop() ?? name}`;

/** A stack's file of configuration. @param given by `--config-file` */
export const configurationFile = (machine: Machine, { name }: Pick<Stack, "name">, given?: string): string =>
    resolve(machine.root, given ?? `Pulumi.${name.split("/").pop()}.yaml`);

/** The value of a flag in a command line, in the forms that Pulumi takes: `--stack x`, `--stack=x`, `-s x`, `-sx`. */
export function flagValue(args: string[], long: string, short?: string): string | undefined {
    for (const [index, arg] of args.entries()) {
        if (arg === `--${long}` || (short && arg === `-${short}`)) return args[index + 1];
        if (arg.startsWith(`--${long}=`)) return arg.slice(long.length + 3);
        if (short && arg.startsWith(`-${short}`)) return arg.slice(2).replace(/^=/, "");
    }
    return undefined;
}

/** File in which `pulumi stack select` keeps the selection of this checkout. */
export function workspaceFile(machine: Machine): string {
    const project = join(machine.root, "Pulumi.yaml");
    const id = createHash("sha1").update(project).digest("hex");
    return join(pulumiHome(machine), "workspaces", `${PROJECT}-${id}-workspace.json`);
}

/** Name of the stack that `pulumi stack select` chose for this checkout and backend. */
export function selectedStack(machine: Machine, backend: string): string | undefined {
    const settings = readJson(workspaceFile(machine)) as
        { stack?: string; stacks?: Record<string, string> } | undefined;
    // Older CLIs keep one name for all backends; as soon as there is one for a backend, Pulumi reads only these.
    const name = settings?.stacks ? settings.stacks[backend] : settings?.stack;
    // Written as organisation/project/stack.
    return name?.split("/").pop();
}

/** The backend that Pulumi would use by itself: environment, project, login; undefined when there is none. */
export function userBackend(machine: Machine, projectUrl: string | undefined): string | undefined {
    const { env } = machine;
    if (env.PULUMI_BACKEND_URL) return env.PULUMI_BACKEND_URL;
    if (projectUrl) return projectUrl;
    const login = readJson(join(pulumiHome(machine), "credentials.json")) as { current?: string } | undefined;
    if (login?.current) return login.current;
    // With a token at hand Pulumi logs in by itself.
    return env.PULUMI_ACCESS_TOKEN ? env.PULUMI_API || "https://api.pulumi.com" : undefined;
}

/** Folder of the kit's own backend. */
export function stateFolder(machine: Machine): string {
    return join(machine.dirs.data, "state");
}

/** Whether the registry of a stack runs on a Kubernetes cluster. */
export const isOnCluster = ({ settings }: Pick<Stack, "settings">): boolean =>
    settings.target === "kubernetes";

/** The stack to work on: `--stack`, else PULUMI_STACK, else the selected one, else `dev`; with its early settings. */
export function findStack(machine: Machine, args: string[]): Stack {
    const project = readYaml(join(machine.root, "Pulumi.yaml"));
    const projectUrl = mapOf(project.backend).url;
    const own = userBackend(machine, typeof projectUrl === "string" ? projectUrl : undefined);
    const backend = own ?? fileBackend(stateFolder(machine));
    const named = flagValue(args, "stack", "s") || machine.env.PULUMI_STACK;
    const name = named || selectedStack(machine, backend) || DEFAULT_STACK;
    const configFile = configurationFile(machine, { name }, flagValue(args, "config-file"));
    const defaults = mapOf(project.config);
    const config = readYaml(configFile);
    const values = mapOf(config.config);
    const valueOf = (path: string): unknown => {
        const [key = "", ...steps] = path.split(".");
        const fallback = mapOf(defaults[key] ?? defaults[`${PROJECT}:${key}`]);
        const whole = values[`${PROJECT}:${key}`] ?? fallback.value ?? fallback.default;
        return steps.reduce<unknown>((value, step) => objectOf(value)[step], whole);
    };
    const setting = (key: string): string | undefined => {
        const value = valueOf(key);
        if (value === undefined || value === null || value === "") return undefined;
        if (typeof value === "string") return value;
        throw new SetupError(
            `${PROJECT}:${key} in ${configFile} must be plain text, because it is needed before Pulumi runs: ` +
                `\`pulumi config set --plaintext ${key} VALUE\`.`,
        );
    };
    // Of `--path front.off true` Pulumi keeps a boolean; config/ takes the text as well.
    const is = (path: string, value: boolean) => [value, String(value)].includes(valueOf(path) as string);
    /** A section that is there. */
    const has = (path: string) => is(path, true) || Object.keys(objectOf(valueOf(path))).length > 0;
    const clear = (path: string): string | undefined => {
        const value = valueOf(path);
        return typeof value === "string" ? value : undefined;
    };
    const tarball = setting("imageTarball");
    return {
        name,
        named: Boolean(named),
        backend,
        ownBackend: own !== undefined,
        encryptedConfig: config.encryptionsalt === undefined ? undefined : configFile,
        settings: {
            dockerHost: setting("dockerHost"),
            image: setting("image"),
            imageMirror: setting("imageMirror"),
            imageTarball: tarball === undefined ? undefined : resolve(machine.root, tarball),
            containerName: setting("containerName"),
            // Of what decides that, what is seen in clear; an image too many is fetched at worst.
            front:
                !is("front", false) &&
                !is("front.off", true) &&
                (has("front") ||
                    (!is("tls", false) &&
                        !is("tls.off", true) &&
                        !is("auth", false) &&
                        setting("target") !== "systemd")),
            frontImage: setting("front.image"),
            acme: has("tls.acme"),
            acmeImage: setting("tls.acme.image"),
            cache: has("cache.valkey"),
            cacheImage: setting("cache.valkey.image"),
            nexus: is("nexus.acceptEula", true),
            nexusImage: setting("nexus.image"),
            backupImage: clear("backup.image"),
            target: setting("target"),
            kubernetes: { context: clear("kubernetes.context"), namespace: clear("kubernetes.namespace") },
        },
    };
}

function mapOf(value: unknown): Record<string, unknown> {
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** An object of the configuration, which `pulumi config set KEY '{…}'` keeps as JSON text. */
export function objectOf(value: unknown): Record<string, unknown> {
    if (typeof value !== "string") return mapOf(value);
    try {
        return mapOf(JSON.parse(value));
    } catch {
        // config/ tells what is wrong with it.
        return {};
    }
}

function readYaml(file: string): Record<string, unknown> {
    const text = readText(file);
    if (text === undefined) return {};
    try {
        return mapOf(parse(text));
    } catch (error) {
        throw new SetupError(`${file} is not valid YAML: ${messageOf(error)}`);
    }
}
