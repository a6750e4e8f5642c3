import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { gapOf } from "../components/metrics/alerts";
import type { Config } from "../config/options";
import { SetupError } from "../setup/errors";
import type { Machine } from "../setup/machine";
import { say } from "../setup/progress";
import { writeAtomically } from "../setup/start.cjs";

import { readStack, type StackFacts } from "./facts/stack-facts";
import { dashboardJson } from "./monitoring/dashboard";
import {
    ALERTS_FILE,
    alertsYml,
    CA_FILE,
    CONFIG_FILE,
    PASSWORD_FILE,
    prometheusYml,
    type Target,
} from "./monitoring/prometheus";
import { commandFlags, fileGiven, OF_STACK } from "./shared/arguments";
import { readConfig } from "./shared/stack-config";

const CALL = "npm run monitoring -- --out DIR";
const FLAGS = {
    out: { type: "string", value: "DIR", text: "the folder for the files; must be given" },
    "dry-run": { type: "boolean", default: false, text: "tells what it would write" },
    json: { type: "boolean", default: false, text: "the files that it wrote as JSON" },
    ...OF_STACK,
} as const;

/** Commands of which the numbers tell when they ended well. */
const TOLD = ["backup", "gc", "retain", "sync"] as const;

/** Command → seconds after which it is late: two runs of its schedule; a backup that nothing starts, after two days. */
function dueOf({ schedule, backup }: Config): Record<string, number> {
    const late = (command: (typeof TOLD)[number]) => {
        const when = schedule[command];
        if (when !== undefined) return 2 * gapOf(when);
        return command === "backup" && backup !== undefined ? 2 * 86_400 : undefined;
    };
    return Object.fromEntries(
        TOLD.flatMap((command) => {
            const seconds = late(command);
            return seconds === undefined ? [] : [[command, seconds]];
        }),
    );
}

/** How Prometheus gets the numbers: as a user of role metrics, else where they take no login. */
function targetOf({ stack, endpoint, caPem }: StackFacts, { metrics, users }: Config): Target {
    if (metrics === undefined)
        throw new SetupError(
            `The stack ${stack.name} has no metrics: pulumi config set --path users.prometheus.generate true && ` +
                "pulumi config set --path users.prometheus.role metrics && pulumi config set metrics true && npm run up",
        );
    const user = Object.entries(users ?? {}).find(([, { role }]) => role === "metrics")?.[0];
    if (user !== undefined)
        return {
            stack: stack.name,
            scheme: "https",
            address: `${endpoint.hostname}:${endpoint.port || 443}`,
            user,
            ca: caPem !== "",
        };
    const { bindAddress, port } = metrics;
    const host = bindAddress.includes(":") ? `[${bindAddress}]` : bindAddress;
    return { stack: stack.name, scheme: "http", address: `${host}:${port}`, user: undefined, ca: false };
}

/** `npm run monitoring -- --out DIR`: what Prometheus and Grafana need to watch the stack. */
export async function monitoring(machine: Machine, args: string[]): Promise<number> {
    const flags = commandFlags(
        "monitoring",
        args,
        FLAGS,
        "writes what Prometheus and Grafana need to watch the stack",
    );
    if (!flags.out) throw new SetupError(`--out is not set; it must be the folder to write: ${CALL}.`);
    const folder = fileGiven(machine, flags.out);
    const isThere = statSync(folder, { throwIfNoEntry: false });
    if (isThere && !isThere.isDirectory())
        throw new SetupError(`--out is ${folder}, which is a file; it must be a folder: ${CALL}.`);
    const facts = await readStack(machine, args);
    const config = await readConfig(facts.pulumi, flags["config-file"]);
    const target = targetOf(facts, config);
    const password = target.user === undefined ? undefined : facts.passwords[target.user];
    const stack = facts.stack.name;
    const { s3, azure, gcs } = config.storage;
    const files = [s3, azure, gcs].every((elsewhere) => elsewhere === undefined);
    const due = dueOf(config);
    const texts: Record<string, string> = {
        [CONFIG_FILE]: prometheusYml(target),
        [ALERTS_FILE]: alertsYml({ stack, files, acme: config.tls.acme, due }),
        "dashboard.json": dashboardJson(stack, files, Object.keys(due).length > 0),
        ...(target.ca ? { [CA_FILE]: facts.caPem } : {}),
        // Without a line's end, which would be a part of it.
        ...(password === undefined ? {} : { [PASSWORD_FILE]: password }),
    };
    const paths = Object.keys(texts).map((name) => join(folder, name));
    if (!flags["dry-run"]) {
        mkdirSync(folder, { recursive: true });
        for (const [name, text] of Object.entries(texts))
            writeAtomically(join(folder, name), text, name === PASSWORD_FILE ? 0o600 : 0o644);
    }
    if (flags.json) process.stdout.write(`${JSON.stringify({ stack, files: paths }, undefined, 2)}\n`);
    else for (const path of paths) say(`write ${path}`);
    if (target.user !== undefined && password === undefined)
        say(
            `The password of ${target.user} is known as a hash alone: write it into ${join(folder, PASSWORD_FILE)}.`,
        );
    return 0;
}
