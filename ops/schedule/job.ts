/** What runs by itself: the commands, and how a timer starts one. Pure. */
import type { Config } from "../../config/options";

interface Kind {
    /** What answers its questions. */
    flags: readonly string[];
    /** The least exit code that is worth a call. */
    failsFrom: number;
}

const KINDS = {
    up: { flags: ["--yes"], failsFrom: 1 },
    gc: { flags: [], failsFrom: 1 },
    retain: { flags: ["--yes"], failsFrom: 1 },
    backup: { flags: [], failsFrom: 1 },
    sync: { flags: [], failsFrom: 1 },
    // 1 is a warning, such as an image with a newer version.
    doctor: { flags: [], failsFrom: 2 },
} satisfies Record<Exclude<keyof Config["schedule"], "onFailure" | "metrics">, Kind>;

/** A command that can be scheduled. */
export type Scheduled = keyof typeof KINDS;

export const SCHEDULED = Object.keys(KINDS) as Scheduled[];

/** Whether a command that ended with this code failed. */
export const hasFailed = (command: Scheduled, code: number): boolean => code >= KINDS[command].failsFrom;

/** The stack that is meant. */
export interface Meant {
    stack: string;
    /** Start of the names of the stack's objects, such as `private-registry-dev`. */
    prefix: string;
    /** Path of its configuration, where that is not `Pulumi.STACK.yaml`. */
    configFile?: string | undefined;
}

const fileFlag = ({ configFile }: Meant): string[] =>
    configFile === undefined ? [] : ["--config-file", configFile];

/** Arguments of the kit's entry that run a scheduled command itself. */
export const commandLine = (command: Scheduled, meant: Meant): string[] => [
    command,
    ...KINDS[command].flags,
    "--stack",
    meant.stack,
    ...fileFlag(meant),
];

/** How a timer starts a command: as the user that set it up would. */
export interface Start extends Meant {
    /** Folder of the project. */
    folder: string;
    /** Program and arguments up to the command. */
    program: readonly string[];
    environment: Readonly<Record<string, string>>;
}

export interface Job {
    command: Scheduled;
    /** As the option has it. */
    when: string;
}

/** The jobs of a configuration. */
export const jobsOf = (schedule: Config["schedule"]): Job[] =>
    SCHEDULED.flatMap((command) => {
        const when = schedule[command];
        return when === undefined ? [] : [{ command, when }];
    });

/** Program and arguments of a timer. @param command a scheduled one, or the place of one in a script */
export const timerCommand = (start: Start, command: string): string[] => [
    ...start.program,
    ...["schedule", "--run", command, "--stack", start.stack],
    ...fileFlag(start),
];

/**
 * Variables that a timer's commands need of the environment in which it was set up. Those that hold a secret are left
 * out: they would be written to a file in clear.
 */
const KEPT = new RegExp(
    `^(?:${[
        "PATH|HOME|LANG|LC_ALL|TZ|XDG_(?:CACHE|CONFIG|DATA)_HOME|XDG_RUNTIME_DIR",
        "PULUMI_(?:HOME|BACKEND_URL|CONFIG_PASSPHRASE_FILE)",
        "DOCKER_(?:HOST|CONFIG|CONTEXT|CERT_PATH|TLS_VERIFY|TLS)|KUBECONFIG",
        "(?:HTTPS?|NO|ALL)_PROXY|(?:https?|no|all)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR",
        "GOPROXY|GOFLAGS|GOPATH|GOMODCACHE|GOCACHE|npm_config_registry|PRIVATE_REGISTRY_PLUGINS",
    ].join("|")})$`,
);

/** Variables of which the kit can do without the value only where there is another way. */
const SECRET: Readonly<Record<string, string>> = {
    PULUMI_CONFIG_PASSPHRASE:
        "write it into a file that only you can read, and set PULUMI_CONFIG_PASSPHRASE_FILE to its path",
    PULUMI_ACCESS_TOKEN: "run `pulumi login` once, which keeps it for this user",
};

/** @returns the variables to keep, and why a timer could not do without those that are not kept */
export function environmentOf(env: NodeJS.ProcessEnv): { kept: Record<string, string>; problems: string[] } {
    const entries = Object.entries(env).filter(
        (entry): entry is [string, string] =>
            KEPT.test(entry[0]) && entry[1] !== undefined && entry[1] !== "",
    );
    const problems = Object.entries(SECRET).flatMap(([name, way]) =>
        env[name] ? [`${name} is set, and no timer is to hold its value: ${way}.`] : [],
    );
    // A login in the URL of a proxy is a secret, too.
    const logins = entries.filter(([name, value]) => /proxy/i.test(name) && /\/\/[^/@]*@/.test(value));
    for (const [name] of logins)
        problems.push(
            `${name} has a login, and no timer is to hold it: unset it, or give the proxy's address without one.`,
        );
    return { kept: Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))), problems };
}
