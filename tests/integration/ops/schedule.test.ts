/** Times and units of a schedule against systemd's own reader of them. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { forget, keepOnly, keepRun, keepTelling, lastRuns, tellingOf } from "../../../ops/schedule/record";
import { runScheduled } from "../../../ops/schedule/run";
import { scriptOf } from "../../../ops/schedule/crontab";
import { unitsOf } from "../../../ops/schedule/systemd";
import { nextTime, onCalendar, parseWhen } from "../../../ops/schedule/when";
import { run } from "../../../setup/run";
import { machineIn, put } from "../../unit/setup/fixture";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const two = (value: number) => String(value).padStart(2, "0");
const stamp = (at: Date) =>
    `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;

test("the next time of random schedules is the one that systemd tells", async () => {
    let seed = 20261126;
    const pick = (below: number) => {
        seed = (seed * 1103515245 + 12345) % 2 ** 31;
        return Math.floor((seed / 2 ** 31) * below);
    };
    for (let i = 0; i < 60; i++) {
        const time = `${two(pick(24))}:${two(pick(60))}`;
        const days = DAYS.filter(() => pick(3) === 0).join(",") || "Wed";
        const text = ["hourly", time, `${days} ${time}`, `${1 + pick(28)} ${time}`][i % 4] ?? "";
        const now = new Date(2026, pick(12), 1 + pick(28), pick(24), pick(60), pick(60));
        const { stdout } = await run("systemd-analyze", [
            "calendar",
            `--base-time=${stamp(now)}`,
            onCalendar(parseWhen(text)),
        ]);
        const told = /Next elapse: \w+ (\S+ \S+)/.exec(stdout)?.[1];
        expect({ text, now: stamp(now), next: stamp(nextTime(parseWhen(text), now)) }).toEqual({
            text,
            now: stamp(now),
            next: told,
        });
    }
});

test("systemd finds nothing to say about the units, whatever the folder and the environment are called", async () => {
    const folder = mkdtempSync(join(tmpdir(), "private-registry's 100% $HOME "));
    try {
        const start = {
            folder,
            program: [process.execPath, join(folder, "start.cjs")],
            environment: { PATH: "/usr/bin", HOME: '/root "x" \\ 50% $y' },
            prefix: "private-registry-dev",
            stack: "dev",
        };
        const units = unitsOf(start, { command: "up", when: "1 05:00" });
        for (const [name, text] of Object.entries(units)) writeFileSync(join(folder, name), text);
        const files = Object.keys(units).map((name) => join(folder, name));
        const { stderr, code } = await run("systemd-analyze", [
            "--man=no",
            "--recursive-errors=no",
            "verify",
            ...files,
        ]);
        expect(stderr.split("\n").filter((line) => line.includes("private-registry-dev"))).toEqual([]);
        expect(code).toBe(0);
        // It does find something where there is something.
        writeFileSync(files[0] ?? "", "[Service]\nExecStart=no-such-program\n");
        expect((await run("systemd-analyze", ["--man=no", "verify", ...files])).stderr).toContain(
            "no-such-program",
        );
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
});

test("the script of a crontab has the environment as it was, whatever is in it", async () => {
    const environment = { PULUMI_HOME: `/srv/a "b" $HOME 'c' \\ 100%`, HOME: "/root" };
    const start = {
        folder: "/tmp",
        program: ["x"],
        environment,
        prefix: "private-registry-dev",
        stack: "dev",
    };
    const text = scriptOf(start).replace(/^exec .*$/m, 'printf "%s\\n" "$PULUMI_HOME" "$PWD" "$1"');
    const { stdout } = await run("/bin/sh", ["-c", text, "script", "gc"], {
        env: { PATH: process.env.PATH },
    });
    expect(stdout).toBe(`${environment.PULUMI_HOME}\n/tmp\ngc\n`);
});

test.each(["a run that could not begin", "one of which nothing can be kept"])("%s is told", async (name) => {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-schedule-"));
    try {
        const machine = machineIn(folder, { env: { ...process.env } });
        const prefix = "private-registry-dev";
        const told = join(folder, "told");
        keepTelling(machine, prefix, {
            command: `echo "$PRIVATE_REGISTRY_CODE $PRIVATE_REGISTRY_MESSAGE" > ${told}`,
            metrics: folder,
        });
        // No process gives such a lock back; and in a file no record is kept.
        mkdirSync(join(machine.dirs.cache, "schedule", `${prefix}.lock`), { recursive: true });
        const kept = name.includes("begin");
        if (!kept) put(machine.dirs.data, "");
        expect(await runScheduled(machine, { stack: "dev", prefix }, "doctor")).toBe(75);
        expect(readFileSync(told, "utf8")).toMatch(/^75 .*is no plain file/);
        if (kept) expect(lastRuns(machine, prefix).doctor).toMatchObject({ code: 75 });
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test("what no timer starts any more is forgotten: no alert waits for its next run", () => {
    const folder = mkdtempSync(join(tmpdir(), "private-registry-schedule-"));
    try {
        const machine = machineIn(folder);
        const prefix = "private-registry-dev";
        const run = {
            began: "2026-11-26T01:00:00Z",
            ended: "2026-11-26T01:00:01Z",
            code: 1,
            log: "",
            message: "x",
        };
        keepTelling(machine, prefix, { webhook: "https://chat.example.com/horse", metrics: folder });
        for (const command of ["sync", "backup"] as const) keepRun(machine, prefix, command, run);
        expect(Object.keys(keepOnly(machine, prefix, ["backup"]))).toEqual(["backup"]);
        expect(Object.keys(lastRuns(machine, prefix))).toEqual(["backup"]);
        put(join(folder, `${prefix}.prom`), "");
        forget(machine, prefix);
        expect(lastRuns(machine, prefix)).toEqual({});
        expect(tellingOf(machine, prefix)).toEqual({});
        expect(existsSync(join(folder, `${prefix}.prom`))).toBe(false);
    } finally {
        rmSync(folder, { recursive: true });
    }
});
