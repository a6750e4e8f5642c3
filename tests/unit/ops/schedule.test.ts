/** What systemd and cron are given for a schedule. */
import { crontabWith as withJobs, isIn, scriptOf } from "../../../ops/schedule/crontab";
import { environmentOf, type Job, jobsOf, type Start } from "../../../ops/schedule/job";
import { metricsText } from "../../../ops/schedule/metrics";
import { markOf, unitsOf } from "../../../ops/schedule/systemd";
import { cronTime, nextTime, onCalendar, parseWhen } from "../../../ops/schedule/when";
import { options } from "../../../config/options";

const START: Start = {
    folder: "/srv/the registry's 100%",
    program: ["/usr/bin/node", "/srv/the registry's 100%/setup/start.cjs"],
    environment: { PATH: "/usr/bin:/bin", PULUMI_HOME: '/srv/a "b" $HOME' },
    prefix: "private-registry-dev",
    stack: "dev",
};
const GC: Job = { command: "gc", when: "Sun 04:00" };
const UP: Job = { command: "up", when: "1 05:30" };

test.each([
    ["hourly", "*-*-* *:00:00", "0 * * * *"],
    ["03:30", "*-*-* 03:30:00", "30 3 * * *"],
    ["Mon,Thu 03:05", "Mon,Thu *-*-* 03:05:00", "5 3 * * 1,4"],
    ["Sun 00:00", "Sun *-*-* 00:00:00", "0 0 * * 0"],
    ["1 05:30", "*-*-01 05:30:00", "30 5 1 * *"],
    ["28 23:59", "*-*-28 23:59:00", "59 23 28 * *"],
])("%s for systemd and for cron", (text, systemd, cron) => {
    expect(onCalendar(parseWhen(text))).toBe(systemd);
    expect(cronTime(parseWhen(text))).toBe(cron);
});

test.each([
    "daily",
    "3:30",
    "24:00",
    "03:60",
    "29 03:30",
    "0 03:30",
    "Sunday 03:30",
    "sun 03:30",
    "Sun,Sun",
    "Sun, Mon 03:30",
    "03:30 Sun",
    "*-*-* 03:30",
    "03:30\n* * * * * reboot",
    "",
])("%j is no time of a schedule", (text) => {
    expect(options.shape.schedule.safeParse({ gc: text }).success).toBe(false);
});

test("the next time is a later one, also at the very minute and across the end of a year", () => {
    const at = (text: string, now: Date) => nextTime(parseWhen(text), now);
    const monday = new Date(2026, 11, 28, 3, 30);
    expect(at("03:30", monday)).toEqual(new Date(2026, 11, 29, 3, 30));
    expect(at("Mon 03:30", monday)).toEqual(new Date(2027, 0, 4, 3, 30));
    expect(at("1 03:30", monday)).toEqual(new Date(2027, 0, 1, 3, 30));
    expect(at("hourly", monday)).toEqual(new Date(2026, 11, 28, 4, 0));
    expect(at("hourly", new Date(2026, 11, 31, 23, 0, 1))).toEqual(new Date(2027, 0, 1, 0, 0));
});

test("a unit has its values quoted, and the mark by which it is known again", () => {
    const { "private-registry-dev-gc.service": service = "", "private-registry-dev-gc.timer": timer = "" } =
        unitsOf(START, GC);
    expect(service.split("\n")[0]).toBe(markOf("private-registry-dev", START.folder));
    expect(service).toContain("WorkingDirectory=/srv/the registry's 100%%\n");
    expect(service).toContain('Environment="PULUMI_HOME=/srv/a \\"b\\" $HOME"\n');
    expect(service).toContain(
        `ExecStart=/usr/bin/node "/srv/the registry's 100%%/setup/start.cjs" schedule --run gc --stack dev\n`,
    );
    expect(timer).toContain("OnCalendar=Sun *-*-* 04:00:00\n");
});

describe("a crontab", () => {
    const others = "MAILTO=ops@example.com\n5 4 * * * /usr/bin/true # 100%\n";
    const script = "/root/the operator's 100%/private-registry-dev.sh";
    const crontabWith = (former: string, jobs: readonly Job[], prefix = START.prefix) =>
        withJobs(former, prefix, script, jobs);

    test("has the stack's lines in a block, and all else byte for byte", () => {
        const text = crontabWith(others, [GC, UP]);
        expect(text.startsWith(others)).toBe(true);
        expect(text).toContain(
            "0 4 * * 0 /bin/sh '/root/the operator'\\''s 100\\%/private-registry-dev.sh' gc\n",
        );
        expect(isIn(text, START.prefix)).toBe(true);
        expect(crontabWith(text, [GC, UP])).toBe(text);
        expect(crontabWith(crontabWith(text, [UP]), [])).toBe(others);
        expect(crontabWith(crontabWith("", [GC]), [])).toBe("");
    });

    test("leaves the lines of another stack, and those whose end was taken away", () => {
        const two = crontabWith(crontabWith("", [GC]), [GC], "private-registry-prod");
        const without = crontabWith(two, []);
        expect(isIn(without, "private-registry-dev")).toBe(false);
        expect(isIn(without, "private-registry-prod")).toBe(true);
        const damaged = `${crontabWith("", [GC]).replace(/# END.*\n/, "")}${others}`;
        const again = crontabWith(damaged, [UP]);
        expect(again.startsWith(damaged)).toBe(true);
        expect(crontabWith(again, [])).toBe(damaged);
    });

    test("starts a script, which has the command as its argument", () => {
        expect(scriptOf(START)).toContain(
            `exec /usr/bin/node '/srv/the registry'\\''s 100%/setup/start.cjs' schedule --run "$1" --stack dev\n`,
        );
    });
});

test("of the environment a timer gets what it needs, and no secret", () => {
    const env = {
        PATH: "/bin",
        HOME: "/root",
        PULUMI_HOME: "/p",
        DOCKER_HOST: "unix:///d",
        HTTPS_PROXY: "http://proxy.example.com:3128",
        AWS_SECRET_ACCESS_KEY: "secret",
        TERM: "xterm",
        SSH_AUTH_SOCK: "/s",
        LANG: "",
    };
    const { kept, problems } = environmentOf(env);
    expect(Object.keys(kept)).toEqual(["DOCKER_HOST", "HOME", "HTTPS_PROXY", "PATH", "PULUMI_HOME"]);
    expect(problems).toEqual([]);
    for (const secret of [
        { PULUMI_CONFIG_PASSPHRASE: "s3cret" },
        { PULUMI_ACCESS_TOKEN: "s3cret" },
        { http_proxy: "http://me:s3cret@proxy.example.com" },
        { HTTPS_PROXY: "http://s3cret@proxy.example.com" },
    ]) {
        const found = environmentOf({ ...env, ...secret });
        expect(found.problems).toHaveLength(1);
        expect(found.problems.join()).not.toContain("s3cret");
    }
});

test("only what has a time is scheduled", () => {
    const { schedule } = {
        schedule: options.shape.schedule.parse({ gc: "Sun 04:00", onFailure: { command: "true" } }),
    };
    expect(jobsOf(schedule)).toEqual([GC]);
    expect(jobsOf(options.shape.schedule.parse(undefined))).toEqual([]);
});

test("metrics tell the last end and the last good one of each command", () => {
    const run = { began: "2026-11-26T04:00:00.000Z", ended: "2026-11-26T04:00:02.500Z", code: 0, log: "/l" };
    const text = metricsText('a "stack"', {
        gc: { ...run, succeeded: run.ended },
        backup: { ...run, code: 1, message: "no space" },
    });
    const of = "private_registry_scheduled_last_success_timestamp_seconds";
    expect(text).toContain(
        `# HELP ${of} When a run of the command last ended well.\n# TYPE ${of} gauge\n` +
            `${of}{stack="a \\"stack\\"",command="gc"} 1795665602.5\n# HELP `,
    );
    expect(text).toContain('last_duration_seconds{stack="a \\"stack\\"",command="backup"} 2.5\n');
    expect(text).toContain('last_failed{stack="a \\"stack\\"",command="backup"} 1\n');
    expect(text).not.toContain("no space");
});
