/** The numbers for Prometheus and what `npm run monitoring` writes, with a real registry, a real nginx and Debian's own Prometheus. */
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";

import { alertsYml } from "../../ops/monitoring/prometheus";

import { cleanup } from "./cleanup";
import { crash, docker, frontLog } from "./docker";
import { ANY, collect, pushImage } from "./gc";
import { Load, RegistryClient } from "./http";
import { Prometheus, prometheusPrograms } from "./prometheus";
import { Pushes } from "./pushes";
import { care } from "./retain";
import { must, run, sleep, until } from "./run";
import { ADMIN, DOMAIN, freePort, PASSWORD, Stack } from "./stack";

const as = (name: string): string => `${name}:${PASSWORD}`;
const user = (name: string, role: string) => ({
    [`users.${name}.password`]: { secret: PASSWORD },
    [`users.${name}.role`]: role,
});

/** Sum of the values of the series that have all of these labels. */
function sum(text: string, name: string, ...labels: string[]): number {
    const lines = text.split("\n").filter((line) => line.startsWith(name));
    return lines
        .filter((line) => labels.every((label) => line.includes(label)))
        .reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
}

describe("monitoring", () => {
    const use = cleanup();
    const folder = mkdtempSync(join(tmpdir(), "private-registry-e2e-monitoring-"));
    const out = join(folder, "out");
    let stack: Stack;
    let client: RegistryClient;
    let open: RegistryClient;
    let programs: { prometheus: string; promtool: string };
    let prometheus: Prometheus;

    const numbers = async (): Promise<string> => {
        const { status, body } = await client.ask("/metrics", { login: as("a-prometheus") });
        expect(status).toBe(200);
        return body;
    };
    const written = (name: string) => readFileSync(join(out, name), "utf8");
    const monitoring = (...flags: string[]) => care(stack, "monitoring", ...flags);

    beforeAll(async () => {
        use({ dispose: async () => rmSync(folder, { recursive: true, force: true }) });
        const port = await freePort();
        stack = use(
            await Stack.create("monitoring", {
                settings: {
                    ...ADMIN,
                    ...user("reader", "pull"),
                    // The first one in line, who may do the least.
                    ...user("a-prometheus", "metrics"),
                    "front.off": "false",
                    "front.attemptsPerMinute": "6000",
                    "metrics.port": String(port),
                    // It ends soon.
                    "tls.ownCa.site.validityDays": "20",
                    "tls.ownCa.site.earlyRenewalDays": "1",
                    "schedule.gc": "Sun 04:00",
                },
            }),
        );
        [programs] = await Promise.all([prometheusPrograms(join(folder, "package")), stack.up()]);
        client = await RegistryClient.of(stack);
        open = new RegistryClient(port);
        use({ dispose: async () => (client.close(), open.close()) });
    });

    test("the command says what it would write, and writes it", async () => {
        const dry = await monitoring("--out", out, "--dry-run", "--json");
        expect([dry.code, existsSync(out)]).toEqual([0, false]);
        const { files } = JSON.parse(dry.stdout) as { files: string[] };
        const { code, screen } = await monitoring("--out", out);
        expect([code, screen]).toEqual([0, files.map((file) => `write ${file}\n`).join("")]);
        for (const name of ["prometheus.yml", "alerts.yml", "dashboard.json"])
            expect(written(name)).not.toContain(PASSWORD);
        expect([written("password"), statSync(join(out, "password")).mode & 0o777]).toEqual([
            PASSWORD,
            0o600,
        ]);
        const wrong = await monitoring("--out", join(out, "password"));
        expect([wrong.code, wrong.screen]).toEqual([
            1,
            expect.stringContaining("which is a file; it must be a folder"),
        ]);
    });

    test("what acts as a user acts as one who may", async () => {
        expect(await stack.output("loginCommand")).toBe(`docker login -u admin ${DOMAIN}:${stack.port}`);
        const { code, screen } = await care(stack, "catalog");
        expect([code, screen]).toEqual([0, expect.anything()]);
        const doctor = await care(stack, "doctor");
        for (const check of ["login: admin is let in", "push:", "pull:", "delete:"])
            expect(doctor.screen).toMatch(new RegExp(`^ok +${check}`, "m"));
    });

    test("promtool takes the configuration and the rules", async () => {
        const { promtool } = programs;
        await must(promtool, ["check", "config", join(out, "prometheus.yml")]);
        const { code, screen } = await run(promtool, ["check", "rules", join(out, "alerts.yml")]);
        expect([code, screen]).toEqual([0, expect.stringContaining("rules found")]);
    });

    test("what takes long to come about fires in promtool's own test of the rules", async () => {
        const steady = (series: string, value: number) => ({ series, values: `${value}+0x20` });
        const of = `{stack="${stack.name}"}`;
        const fires = (alertname: string, severity: string) => ({
            labels: `{alertname="${alertname}", severity="${severity}"}`,
            value: 1,
        });
        // Of a certificate of 90 days of which 20 are left, one that is renewed at a third is late, one at five days is not.
        const [soon, late] = [5, 30].map((renewBeforeDays) => {
            const stack = `before-${renewBeforeDays}`;
            writeFileSync(
                join(out, `${stack}.yml`),
                alertsYml({ stack, files: false, acme: { renewBeforeDays }, due: {} }),
            );
            return `{site="registry", stack="${stack}"}`;
        });
        const certificates = [soon, late].flatMap((of) => [
            steady(`private_registry_certificate_expiry_timestamp_seconds${of}`, 20 * 86_400),
            steady(`private_registry_certificate_life_seconds${of}`, 90 * 86_400),
        ]);
        const rules = {
            rule_files: ["alerts.yml"],
            evaluation_interval: "1m",
            tests: [
                {
                    interval: "1m",
                    input_series: [
                        steady(`up{stack="${stack.name}",job="private-registry"}`, 1),
                        steady(`private_registry_up${of}`, 0),
                        steady(`private_registry_counted_timestamp_seconds${of}`, 0),
                        steady(`private_registry_disk_size_bytes${of}`, 100),
                        steady(`private_registry_disk_available_bytes${of}`, 10),
                    ],
                    promql_expr_test: [
                        { expr: 'ALERTS{alertstate="firing"}', eval_time: "1m", exp_samples: [] },
                        {
                            expr: 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
                            eval_time: "12m",
                            exp_samples: [
                                fires("RegistryDiskFull", "warning"),
                                fires("RegistryDown", "critical"),
                                fires("RegistryMetricsOld", "warning"),
                            ],
                        },
                    ],
                },
            ],
        };
        const ends = {
            rule_files: ["before-5.yml", "before-30.yml"],
            evaluation_interval: "1m",
            tests: [
                {
                    interval: "1m",
                    input_series: certificates,
                    promql_expr_test: [
                        {
                            expr: 'ALERTS{alertstate="firing",alertname="RegistryCertificateEnds"}',
                            eval_time: "12m",
                            exp_samples: [
                                {
                                    labels: `ALERTS{alertname="RegistryCertificateEnds", alertstate="firing", severity="warning", site="registry", stack="before-30"}`,
                                    value: 1,
                                },
                            ],
                        },
                    ],
                },
            ],
        };
        const files = [rules, ends].map((of, i) => {
            const file = join(out, `test-${i}.yml`);
            writeFileSync(file, JSON.stringify(of));
            return file;
        });
        const { code, screen } = await run(programs.promtool, ["test", "rules", ...files]);
        expect([code, screen]).toEqual([0, expect.stringContaining("SUCCESS")]);
    });

    test("Prometheus reads them with that configuration", async () => {
        // The name is known to no DNS here, and a test waits for no minutes.
        const quick = (name: string) =>
            writeFileSync(
                join(out, name),
                written(name)
                    .replaceAll(`${DOMAIN}:`, "127.0.0.1:")
                    .replace(/(_interval): 30s/g, "$1: 1s")
                    .replace(/for: .*/g, "for: 0s"),
            );
        for (const name of ["prometheus.yml", "alerts.yml"]) quick(name);
        prometheus = use(
            await Prometheus.start(programs.prometheus, join(out, "prometheus.yml"), join(folder, "data")),
        );
        await until("Prometheus has asked", async () =>
            (await prometheus.query("up == 1")).length > 0 ? true : undefined,
        );
    });

    test("they take a user of role metrics, who may do nothing else", async () => {
        const status = async (path: string, login: string, method = "GET") =>
            (await client.ask(path, { login, method })).status;
        const logins = [
            "",
            as("nobody"),
            "a-prometheus:wrong",
            as("admin"),
            as("reader"),
            as("a-prometheus"),
        ];
        const of = (path: string, method?: string) =>
            Promise.all(logins.map((login) => status(path, login, method)));
        expect(await of("/metrics")).toEqual([401, 401, 401, 403, 403, 200]);
        expect(await of("/metrics", "POST")).toEqual([405, 405, 405, 405, 405, 405]);
        expect(await of("/v2/")).toEqual([401, 401, 401, 200, 200, 403]);
        expect(await of("/v2/_catalog")).toEqual([401, 401, 401, 200, 200, 403]);
        expect(await of("/v2/team/app/blobs/uploads/", "POST")).toEqual([401, 401, 401, 202, 403, 403]);
        expect(await of("/page/store")).toEqual([401, 401, 401, 200, 403, 403]);
        const { size, available } = JSON.parse((await client.ask("/page/store")).body) as Record<
            string,
            number
        >;
        expect(size).toBeGreaterThan(available ?? 0);
        // Where they take no login, there is nothing else.
        const { status: plain, headers, body } = await open.ask("/metrics", { login: "" });
        expect([plain, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
        expect([(await open.ask("/v2/")).status, (await open.ask("/page/me")).status]).toEqual([404, 404]);
        const { code, screen } = await run(programs.promtool, ["check", "metrics"], { input: body });
        // The registry's own names are not all to its taste.
        const own = screen.split("\n").filter((line) => line.startsWith("private_registry"));
        expect([code === 0 || code === 3, own]).toEqual([true, []]);
    });

    test("who asks in a version of HTTP that is none raises no alert of errors", async () => {
        const errors = async () => sum(await numbers(), "private_registry_front_errors_total");
        const before = await errors();
        const socket = connect({ host: "127.0.0.1", port: stack.port, rejectUnauthorized: false });
        socket.end("GET / HTTP/9.9\r\n\r\n");
        await once(socket.resume(), "close");
        await until(
            "it is counted",
            async () =>
                sum(await numbers(), "private_registry_front_requests_total", 'code="505"') || undefined,
            40_000,
            500,
        );
        expect(await errors()).toBe(before);
    });

    test("what counts may be killed at any moment: no push or pull fails, and none is counted twice or not at all", async () => {
        const { digest } = await pushImage(client, "still/app", "1", 1);
        const { body } = await client.ask(`/v2/still/app/manifests/${digest}`, { headers: { Accept: ANY } });
        const [layer] = (JSON.parse(body) as { layers: { digest: string }[] }).layers;
        const paths = [`/v2/still/app/manifests/${digest}`, `/v2/still/app/blobs/${layer?.digest}`];
        const pulls = new Load(client, paths, 20);
        const pushes = new Pushes(client);
        use({ dispose: () => pushes.stop() });
        for (let i = 0; i < 4; i++) {
            await sleep(3_500);
            await crash(`${stack.prefix}-metrics`);
        }
        await pushes.stop();
        await pulls.stop();
        expect([pulls.failures, pushes.failures, pushes.count > 20]).toEqual([[], [], true]);
        const logged = async () =>
            (await frontLog(stack.prefix)).requests.filter((line) => /"action":"push"/.test(line)).length;
        const counted = async () =>
            sum(await numbers(), "private_registry_front_requests_total", 'action="push"');
        const all = await logged();
        await until(
            "all are counted",
            async () => ((await counted()) >= all ? true : undefined),
            40_000,
            500,
        );
        expect(await counted()).toBe(all);
    });

    test("a collection tells its end, and every query of the dashboard is answered", async () => {
        const { code, screen } = await collect(stack).done;
        expect([code, screen]).toEqual([0, expect.anything()]);
        const { panels } = JSON.parse(written("dashboard.json")) as {
            panels: { title: string; targets: { expr: string }[] }[];
        };
        const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
        expect(queries.length).toBeGreaterThan(14);
        const unanswered = async () => {
            const answers = await Promise.all(
                queries.map(async (expr) => {
                    const query = expr.replaceAll("$stack", stack.name).replaceAll("$__rate_interval", "1m");
                    return (await prometheus.query(query)).length > 0 ? [] : [query];
                }),
            );
            return answers.flat();
        };
        await until(
            "all are answered",
            async () => ((await unanswered()).length === 0 ? true : undefined),
            20_000,
            500,
        ).catch(() => undefined);
        expect(await unanswered()).toEqual([]);
    });

    test("real faults fire: a certificate that ends, guessing, a storage that takes nothing, a front that is gone", async () => {
        const fires = async (...names: string[]) => {
            let firing: string[] = [];
            const all = async () => {
                firing = await prometheus.firing();
                return names.every((name) => firing.includes(name)) ? true : undefined;
            };
            await until(names.join(), all, 60_000, 500).catch(() => undefined);
            return firing;
        };
        const certificate = "RegistryCertificateEnds warning";
        const alone = async () => ((await prometheus.firing()).join() === certificate ? true : undefined);
        await until(`${certificate} alone`, alone, 20_000, 500);
        await Promise.all(Array.from({ length: 70 }, () => client.ask("/v2/", { login: as("guess") })));
        const images = "/var/lib/registry/docker/registry/v2/repositories";
        await docker("exec", stack.prefix, "chmod", "0555", images);
        await docker("restart", "--time", "1", stack.prefix);
        const refused = async () => {
            const { status } = await client.ask("/v2/other/app/blobs/uploads/", { method: "POST" });
            return status;
        };
        await until("the registry is back", async () => ((await refused()) === 500 ? true : undefined));
        for (let i = 0; i < 300; i += 10)
            expect(await Promise.all(Array.from({ length: 10 }, refused))).toEqual(Array(10).fill(500));
        const all = [
            ...[certificate, "RegistryErrors critical", "RegistryRefusedLogins warning"],
            "RegistryStorageUnhealthy critical",
        ];
        expect(await fires(...all)).toEqual(all);
        await docker("exec", stack.prefix, "chmod", "0755", images);
        await docker("stop", `${stack.prefix}-front`);
        expect(await fires("RegistryMetricsMissing critical")).toContain("RegistryMetricsMissing critical");
        await docker("start", `${stack.prefix}-front`);
    });
});
