/** Debian's own Prometheus, as a test runs it beside a stack. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { aptGet } from "../../setup/debian";

import type { Disposable } from "./cleanup";
import { must, type Running, start, until } from "./run";
import { freePort } from "./stack";

/** @param folder into which the package is unpacked, once */
export async function prometheusPrograms(folder: string): Promise<{ prometheus: string; promtool: string }> {
    const [prometheus, promtool] = ["prometheus", "promtool"].map((name) => join(folder, "usr/bin", name));
    if (!existsSync(promtool ?? "")) {
        mkdirSync(folder, { recursive: true });
        await aptGet("fetching Debian's Prometheus", ["download", "prometheus"], folder);
        await must("sh", ["-c", "dpkg-deb --extract prometheus_*.deb ."], { cwd: folder });
    }
    return { prometheus: prometheus ?? "", promtool: promtool ?? "" };
}

/** A series of an answer to a query. */
export interface Series {
    metric: Record<string, string>;
    value: [time: number, value: string];
}

export class Prometheus implements Disposable {
    private constructor(
        private readonly running: Running,
        private readonly port: number,
    ) {}

    /** @param config path of its configuration. @param folder for its data */
    static async start(program: string, config: string, folder: string): Promise<Prometheus> {
        const port = await freePort();
        const args = [
            ...["--config.file", config, "--storage.tsdb.path", folder],
            ...["--web.listen-address", `127.0.0.1:${port}`, "--log.level", "warn"],
        ];
        const prometheus = new Prometheus(start(program, args, { timeoutMs: 280_000 }), port);
        await until("Prometheus is ready", () => prometheus.get("-/ready").catch(() => undefined));
        return prometheus;
    }

    private async get(path: string): Promise<string> {
        const answer = await fetch(`http://127.0.0.1:${this.port}/${path}`);
        const text = await answer.text();
        if (!answer.ok) throw new Error(`Prometheus answered ${answer.status}: ${text}`);
        return text;
    }

    async query(expr: string): Promise<Series[]> {
        const text = await this.get(`api/v1/query?query=${encodeURIComponent(expr)}`);
        return (JSON.parse(text) as { data: { result: Series[] } }).data.result;
    }

    /** Names of the alerts that fire, each with its severity. */
    async firing(): Promise<string[]> {
        const { data } = JSON.parse(await this.get("api/v1/alerts")) as {
            data: { alerts: { state: string; labels: Record<string, string> }[] };
        };
        const firing = data.alerts.filter(({ state }) => state === "firing");
        return [...new Set(firing.map(({ labels }) => `${labels.alertname} ${labels.severity}`))].sort();
    }

    async dispose(): Promise<void> {
        this.running.process.kill("SIGTERM");
        await this.running.done;
    }
}
