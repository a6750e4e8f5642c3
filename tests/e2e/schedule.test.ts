/** Commands that run by themselves, started by a real systemd and a real cron. */
import { once } from "node:events";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { aptGet } from "../../setup/debian";

import { cleanup } from "./cleanup";
import { prometheusPrograms } from "./prometheus";
import { must, type Result, run, start, until } from "./run";
import { ADMIN, Stack } from "./stack";
import { SystemdMachine } from "./systemd-machine";

const ROOT = resolve(__dirname, "../..");
const START = join(ROOT, "setup", "start.cjs");
const two = (value: number) => String(value).padStart(2, "0");

/** The next minute that is far enough to be set up before it begins. */
function soon(): string {
    const at = new Date(Date.now() + 75_000);
    return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

interface Last {
    command: string;
    last?: { code: number; log: string; message?: string };
}

describe("a schedule", () => {
    const use = cleanup();
    let stack: Stack;
    let env: NodeJS.ProcessEnv;
    let home: string;
    const told: Record<string, string>[] = [];
    let webhook: string;

    const args = (...more: string[]) => [
        ...[START, "schedule", ...more, "--stack", stack.name],
        ...["--config-file", join(stack.project, `Pulumi.${stack.name}.yaml`)],
    ];
    const here = (...more: string[]): Promise<Result> => run(process.execPath, args(...more), { env });
    const list = async (): Promise<Last[]> => {
        const { stdout, code, screen } = await here("--out", "unused", "--dry-run", "--json");
        if (code !== 0) throw new Error(screen);
        return (JSON.parse(stdout) as { jobs: Last[] }).jobs;
    };
    const lastOf = async (command: string) => (await list()).find((job) => job.command === command)?.last;
    /** Waits for the end of a command that was set to run at the next minute. */
    const ran = (command: string) => {
        const record = join(home, "data", "private-registry", "schedule", `${stack.prefix}.json`);
        const ended = async () => (existsSync(record) ? lastOf(command) : undefined);
        return until(`${command} has run by itself`, ended, 180_000, 1_000);
    };
    /** What stands in the folder of metrics, which promtool must take. */
    async function measured(folder: string): Promise<string> {
        const names = readdirSync(folder);
        expect(names).toEqual([`${stack.prefix}.prom`]);
        const text = readFileSync(join(folder, names[0] ?? ""), "utf8");
        const { promtool } = await prometheusPrograms(join(home, "prometheus"));
        const { code, screen } = await run(promtool, ["check", "metrics"], { input: text });
        expect([code, screen]).toEqual([0, ""]);
        return text;
    }
    const forget = () =>
        rmSync(join(home, "data", "private-registry", "schedule"), { recursive: true, force: true });

    beforeAll(async () => {
        const hook = createServer((request: IncomingMessage, response) => {
            let body = "";
            request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
            request.on("end", () => {
                told.push(JSON.parse(body) as Record<string, string>);
                // The first try fails: a message that matters is sent again.
                response.writeHead(told.length === 1 ? 503 : 204).end();
            });
        }).listen(0, "127.0.0.1");
        await once(hook, "listening");
        use({ dispose: async () => void hook.close() });
        webhook = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hooks/t0ken`;
        stack = use(await Stack.create("schedule", { settings: ADMIN }));
        home = join(stack.folder, "own");
        mkdirSync(home);
        const { PULUMI_CONFIG_PASSPHRASE = "", ...rest } = stack.env;
        const passphrase = join(home, "passphrase");
        writeFileSync(passphrase, PULUMI_CONFIG_PASSPHRASE, { mode: 0o600 });
        env = {
            ...rest,
            PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
            XDG_DATA_HOME: join(home, "data"),
            XDG_CONFIG_HOME: join(home, "config"),
        };
        await stack.up();
    });

    test("a passphrase in the environment is refused with the way out, and a wrong time before anything is touched", async () => {
        const refused = await run(process.execPath, args(), { env: stack.env });
        expect(refused.code).toBe(1);
        expect(refused.screen).toContain("PULUMI_CONFIG_PASSPHRASE_FILE");
        expect(refused.screen).not.toContain(stack.env.PULUMI_CONFIG_PASSPHRASE);
        await stack.configure({ "schedule.gc": "daily" });
        const wrong = await here();
        expect(wrong.code).toBe(1);
        expect(wrong.screen).toMatch(
            /pulumi config set --stack \S+ --config-file \S+ --path schedule\.gc 'Sun 04:00'/,
        );
        await stack.must(["config", "rm", "--path", "schedule.gc"]);
    });

    test("systemd runs a command at its time, shows it, and forgets it", async () => {
        const machine = use(new SystemdMachine());
        await machine.boot();
        const there = (...more: string[]) => machine.run([process.execPath, ...args(...more)], env);
        const unit = (ending: string) => `/etc/systemd/system/${stack.prefix}-doctor.${ending}`;
        await stack.configure({ "schedule.doctor": soon(), "schedule.up": "1 05:00" });
        const dry = await there("--dry-run");
        expect(dry.screen).toContain(`write ${unit("timer")}`);
        expect((await machine.run(["test", "-e", unit("timer")])).code).not.toBe(0);
        const set = await there();
        expect(set.screen).toContain("npm run doctor");
        expect(set.code).toBe(0);
        const timers = await machine.run(["systemctl", "list-timers", "--no-pager", "--all"]);
        expect(timers.stdout).toContain(`${stack.prefix}-doctor.timer`);
        expect(timers.stdout).toContain(`${stack.prefix}-up.timer`);
        const last = await ran("doctor");
        const log = readFileSync(last.log, "utf8");
        expect(log).toContain("ok       engine:");
        expect(last.code).toBeLessThan(2);
        expect(statSync(last.log).mode & 0o777).toBe(0o600);
        // A unit of such a name that is not the kit's stays.
        await machine.run(["sh", "-c", `echo '[Service]' > /etc/systemd/system/${stack.prefix}-gc.service`]);
        await stack.configure({ "schedule.gc": "Sun 04:00" });
        const foreign = await there();
        expect(foreign.code).toBe(1);
        expect(foreign.screen).toContain("is not the kit's, and nothing was changed");
        await stack.must(["config", "rm", "--path", "schedule.gc"]);
        // What is scheduled no more goes.
        await stack.must(["config", "rm", "--path", "schedule.doctor"]);
        expect((await there()).screen).toContain(`remove ${unit("timer")}`);
        const removed = await there("--remove");
        expect(removed.screen).toContain("runs nothing by itself any more");
        const after = await machine.run(["systemctl", "list-timers", "--no-pager", "--all"]);
        expect(after.stdout).not.toContain(stack.prefix);
        expect((await machine.run(["ls", "/etc/systemd/system"])).stdout.trim()).toContain(
            `${stack.prefix}-gc.service`,
        );
        expect((await there("--remove")).screen).toContain("has no schedule in systemd");
    });

    test("cron runs a command at its time; a failure is told by command and webhook, whose URL is shown nowhere", async () => {
        const folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-cron-"));
        use({ dispose: async () => rmSync(folder, { recursive: true, force: true }) });
        await aptGet("fetching Debian's cron", ["download", "cron"], folder);
        await must("sh", ["-c", "for deb in *.deb; do dpkg-deb --extract $deb .; done"], { cwd: folder });
        // Its own spool, for it and its children alone; what systemd would be there for is not there.
        const inside = (script: string) => [
            ...["--mount", "--propagation", "private", "sh", "-c"],
            `set -e
             mkdir -p ${folder}/spool/crontabs /var/spool/cron && mount --bind ${folder}/spool /var/spool/cron
             mount -t tmpfs tmpfs /run/systemd 2>/dev/null || true
             ${script}`,
        ];
        const cronPath = `${join(folder, "usr/bin")}:${env.PATH}`;
        const there = (...more: string[]): Promise<Result> => {
            const words = [process.execPath, ...args(...more)].map((word) => `'${word}'`).join(" ");
            return run("unshare", inside(words), { env: { ...env, PATH: cronPath } });
        };
        const crontab = async () => (await run("cat", [join(folder, "spool/crontabs/root")])).stdout;
        forget();
        told.length = 0;
        const noted = join(home, "noted");
        const metrics = join(home, "metrics");
        await stack.must(["config", "rm", "--path", "schedule.up"]);
        await stack.configure({
            "schedule.doctor": soon(),
            "schedule.metrics": metrics,
            "schedule.onFailure.command": `printf '%s' "$PRIVATE_REGISTRY_STACK $PRIVATE_REGISTRY_COMMAND $PRIVATE_REGISTRY_CODE" > '${noted}'`,
            "schedule.onFailure.webhook": { secret: webhook },
        });
        await run("sh", ["-c", "echo '5 4 * * * true' > own && crontab own"], { cwd: folder });
        const set = await there();
        expect(set.screen).toContain("write your crontab");
        expect(set.code).toBe(0);
        expect(await crontab()).toContain(`${stack.prefix}.sh doctor`);
        expect(`${set.screen}${await crontab()}`).not.toContain("t0ken");
        await must("docker", ["stop", `${stack.prefix}`]);
        const cron = start("unshare", inside(`exec ${join(folder, "usr/sbin/cron")} -f`), {
            timeoutMs: 240_000,
            env,
        });
        try {
            const last = await ran("doctor");
            expect(last.code).toBe(2);
            expect(last.message).toContain("failure");
            await until("the webhook was told twice", async () => (told.length === 2 ? true : undefined));
            expect(told[1]).toMatchObject({ stack: stack.name, command: "doctor", code: 2, log: last.log });
            expect(told[1]?.text).toContain("failed: failure");
            expect(readFileSync(noted, "utf8")).toBe(`${stack.name} doctor 2`);
            expect(readFileSync(last.log, "utf8")).not.toContain("t0ken");
            const text = await measured(metrics);
            expect(text).toContain(`last_failed{stack="${stack.name}",command="doctor"} 1\n`);
            expect(text).not.toContain("last_success");
        } finally {
            cron.process.kill("SIGTERM");
            await cron.done;
            await must("docker", ["start", `${stack.prefix}`]);
        }
        expect((await there()).screen).toMatch(/failed at .* \(2\): failure/);
        // Now it is well, but for warnings.
        expect((await here("--run", "doctor")).code).toBe(0);
        const after = await measured(metrics);
        expect(after).toContain(`last_failed{stack="${stack.name}",command="doctor"} 0\n`);
        const success = Number(/last_success_timestamp_seconds\{.*\} ([\d.]+)$/m.exec(after)?.[1]);
        expect(Math.abs(Date.now() / 1000 - success)).toBeLessThan(30);
        expect((await there()).screen).toMatch(/ended well at /);
        expect((await there("--remove")).code).toBe(0);
        expect(existsSync(join(folder, "spool/crontabs/root")) ? await crontab() : "").not.toContain(
            "schedule --run",
        );
    });

    test("--out writes units and crontab lines for another machine", async () => {
        const out = join(home, "units");
        const { screen, code } = await here("--out", out);
        expect(screen).toContain(`write ${join(out, `${stack.prefix}-doctor.timer`)}`);
        expect(code).toBe(0);
        expect(readFileSync(join(out, `${stack.prefix}.crontab`), "utf8")).toContain(
            `${stack.prefix}.sh doctor`,
        );
        expect(readFileSync(join(out, `${stack.prefix}.sh`), "utf8")).toContain('schedule --run "$1"');
    });
});
