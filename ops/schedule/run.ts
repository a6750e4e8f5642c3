/** What a timer starts: one scheduled command, its log, and word of a failure. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { hostname } from "node:os";
import { join } from "node:path";

import { withoutPasswords } from "../../text/redact";
import { messageOf } from "../../setup/errors";
import { note, openLog } from "../../setup/log";
import type { Machine } from "../../setup/machine";
import { say } from "../../setup/progress";
import { run } from "../../setup/run";
import { acquireLock, writeAtomically } from "../../setup/start.cjs";

import { commandLine, hasFailed, type Meant, type Scheduled } from "./job";
import { metricsText } from "./metrics";
import { keepRun, type LastRuns, metricsFile, tellingOf } from "./record";

interface Failure {
    stack: string;
    command: Scheduled;
    code: number;
    host: string;
    log: string;
    message: string;
}

/** Exit code of a run that did not begin (EX_TEMPFAIL of sysexits.h): a failure of every command. */
const LEFT_OUT = 75;
const TRIES = 3;
/** Milliseconds. */
const ANSWER_LIMIT = 20_000;

async function post(url: string, failure: Failure): Promise<void> {
    const text = `${failure.host}: npm run ${failure.command} of the stack ${failure.stack} failed: ${failure.message}`;
    const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        // Slack, Mattermost and their like show `text`.
        body: JSON.stringify({ text, ...failure }),
        signal: AbortSignal.timeout(ANSWER_LIMIT),
    });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
}

/** The host of a URL whose path may be a secret. */
const hostOf = (url: string): string => new URL(url).host;

async function tellByWebhook(url: string, failure: Failure): Promise<void> {
    for (let left = TRIES - 1; ; left--) {
        try {
            return await post(url, failure);
        } catch (error) {
            if (left === 0) {
                const { cause } = error as { cause?: unknown };
                say(`The webhook at ${hostOf(url)} could not be told: ${messageOf(cause ?? error)}.`);
                return;
            }
        }
        await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
}

async function tellByCommand(command: string, failure: Failure): Promise<void> {
    const env = {
        ...process.env,
        PRIVATE_REGISTRY_STACK: failure.stack,
        PRIVATE_REGISTRY_COMMAND: failure.command,
        PRIVATE_REGISTRY_CODE: String(failure.code),
        PRIVATE_REGISTRY_LOG: failure.log,
        PRIVATE_REGISTRY_MESSAGE: failure.message,
    };
    const { code, stderr } = await run("/bin/sh", ["-c", command], { env, timeoutMs: 60_000 });
    if (code !== 0)
        say(`schedule.onFailure.command ended with code ${code}: ${stderr.trim().split("\n").at(-1) ?? ""}`);
}

/** Writes the file that the textfile collector reads; it takes those that end in .prom, whole or not at all. */
function tellByMetrics(folder: string, { prefix, stack }: Meant, runs: LastRuns): void {
    const file = metricsFile(folder, prefix);
    try {
        writeAtomically(file, metricsText(stack, runs), 0o644);
    } catch (error) {
        say(`The metrics cannot be written to ${file}: ${messageOf(error)}.`);
    }
}

/** Runs the command to its end and keeps all that it says. @returns its exit code, and why it failed in its own words */
function runLogged(
    machine: Machine,
    command: Scheduled,
    meant: Meant,
): Promise<{ code: number; reason: string }> {
    const entry = join(machine.kit, "setup", "start.cjs");
    return new Promise((resolve) => {
        const child = spawn(process.execPath, [entry, ...commandLine(command, meant)], {
            cwd: machine.root,
            env: machine.env,
            stdio: ["ignore", "pipe", "pipe"],
        });
        let last = "";
        const failures: string[] = [];
        for (const stream of [child.stdout, child.stderr])
            createInterface(stream).on("line", (line) => {
                note(line);
                // The doctor goes on after what it finds.
                if (line.startsWith("failure")) failures.push(line);
                if (line.trim() !== "" && !line.startsWith("Log:")) last = line.trim();
            });
        // A timer that is stopped has its command end in good order.
        const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
        const forward = (signal: NodeJS.Signals) => void child.kill(signal);
        for (const signal of signals) process.on(signal, forward);
        const done = (code: number, reason: string) => {
            for (const signal of signals) process.off(signal, forward);
            resolve({ code, reason });
        };
        child.on("error", (error) => done(127, error.message));
        child.on("close", (code, signal) => {
            const said = failures.length > 0 ? failures.join(" ") : last;
            done(code ?? 1, signal === null ? said : `ended by ${signal}`);
        });
    });
}

/** Path of the run's log; "" where there is no room for one. */
function logFor(machine: Machine, command: Scheduled, { stack }: Meant): string {
    try {
        return openLog(machine, `scheduled-${command}-${stack.replaceAll("/", "-")}`).file;
    } catch (error) {
        say(`There is no log of this run: ${messageOf(error)}.`);
        return "";
    }
}

/** Runs a scheduled command; one at a time of a stack. @returns its exit code */
export async function runScheduled(machine: Machine, meant: Meant, command: Scheduled): Promise<number> {
    const { prefix } = meant;
    const log = logFor(machine, command, meant);
    let began = new Date().toISOString();
    let release: () => void;
    try {
        release = acquireLock(
            join(machine.dirs.cache, "schedule", `${prefix}.lock`),
            `the scheduled commands of ${prefix}`,
        );
    } catch (error) {
        // Another one is at work for an hour: this one is left out, which is a failure as any other.
        return ended(machine, meant, command, { began, log, code: LEFT_OUT, reason: messageOf(error) });
    }
    try {
        began = new Date().toISOString();
        const result = await runLogged(machine, command, meant);
        return await ended(machine, meant, command, { began, log, ...result });
    } finally {
        release();
    }
}

/** Keeps how a run ended, and tells of a failure. @returns the exit code of the timer's own process */
async function ended(
    machine: Machine,
    meant: Meant,
    command: Scheduled,
    { began, log, code, reason }: { began: string; log: string; code: number; reason: string },
): Promise<number> {
    const { prefix, stack } = meant;
    const message = withoutPasswords(reason);
    const failed = hasFailed(command, code);
    const run = { began, ended: new Date().toISOString(), code, log, ...(failed ? { message } : {}) };
    let all: LastRuns | undefined;
    try {
        all = keepRun(machine, prefix, command, run);
    } catch (error) {
        // What filled the disk may be why it failed: whom to tell is told all the same.
        say(`How it ended cannot be kept: ${messageOf(error)}.`);
    }
    const { command: shell, webhook, metrics } = tellingOf(machine, prefix);
    if (metrics !== undefined && all !== undefined) tellByMetrics(metrics, meant, all);
    if (!failed) return 0;
    say(`npm run ${command} of ${stack} failed with code ${code}: ${message} Log: ${log}`);
    const failure = { stack, command, code, host: hostname(), log, message };
    if (shell !== undefined) await tellByCommand(shell, failure);
    if (webhook !== undefined) await tellByWebhook(webhook, failure);
    return code;
}
