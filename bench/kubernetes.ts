/**
 * A registry on a cluster: what more replicas bring, how long a change takes, and Pulumi there ÷ Pulumi on Docker. The cluster is the
 * tests', of two nodes on this machine's processors, unless PRIVATE_REGISTRY_TEST_CONTEXT names one.
 */
import { randomBytes } from "node:crypto";
import { cpus } from "node:os";

import type { Disposable } from "../tests/e2e/cleanup";
import type { Cluster } from "../tests/e2e/kubernetes/cluster";
import {
    clientAt,
    clusterWithStore,
    type Namespace,
    NAMESPACE,
    NODE_PORT,
    stackOn,
} from "../tests/e2e/kubernetes/support";
import { until } from "../tests/e2e/run";
import { ADMIN, PASSWORD, Stack } from "../tests/e2e/stack";

import { answersEachSecond } from "./ab";
import { format, pairs, seconds, type Spread, spread } from "./measure";

const REPLICAS = [1, 2, 4];
const ROUNDS = 3;
const SECONDS = 5;
const UPS = 5;
const SMALL_BYTES = 65_536;

const print = (text: string) => void process.stdout.write(`${text}\n`);

/** Answers a second, of both nodes at once, each asked over 8 connections that stay. */
async function rate(cluster: Cluster, path: string): Promise<number> {
    const asking = { clients: 8, seconds: SECONDS, login: `admin:${PASSWORD}` };
    const each = await Promise.all(
        cluster.nodes.map(({ address }) =>
            answersEachSecond(`https://${address}:${NODE_PORT}/v2/${path}`, asking),
        ),
    );
    return each.reduce((sum, one) => sum + one, 0);
}

/** Has as many pods, with none that is still on its way out. */
async function scaled(there: Namespace, count: number): Promise<void> {
    await there.kubectl("scale", "deployment", "--all", `--replicas=${count}`);
    await there.kubectl("rollout", "status", "deployment", "--timeout=100s");
    await until(`${count} pods`, async () => {
        const pods = await there.kubectl("get", "pods", "--output=name");
        return pods.trim().split("\n").length === count || undefined;
    });
}

/** Requests and pulls a second with each number of replicas. */
async function replicas(cluster: Cluster, there: Namespace, blob: string): Promise<void> {
    const paths = { "requests with a login": "", "pulls of a blob of 64 kB": `bench/small/blobs/${blob}` };
    const rates = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round++)
        for (const count of REPLICAS) {
            await scaled(there, count);
            for (const [what, path] of Object.entries(paths)) {
                const key = `${what}, ${count}`;
                rates.set(key, [...(rates.get(key) ?? []), await rate(cluster, path)]);
            }
        }
    const of = (what: string, count: number) => rates.get(`${what}, ${count}`) ?? [];
    for (const what of Object.keys(paths))
        for (const count of REPLICAS) {
            const ratio = of(what, count).map((one, round) => one / (of(what, REPLICAS[0] ?? 1)[round] ?? 1));
            print(`${what}, ${count} replicas ÷ 1:`.padEnd(52) + format(spread(ratio)));
            print(`    ${format(spread(of(what, count)), " a second")}`);
        }
}

/** Pods of two replicas that take the place of the ones before. */
async function rollout(there: Namespace): Promise<Spread> {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++)
        times.push(
            await seconds(async () => {
                await there.kubectl("rollout", "restart", "deployment");
                await there.kubectl("rollout", "status", "deployment", "--timeout=100s");
            }),
        );
    return spread(times);
}

export async function kubernetes(): Promise<void> {
    const things: Disposable[] = [];
    const use = <T extends Disposable>(thing: T): T => {
        things.push(thing);
        return thing;
    };
    try {
        const { cluster, there, env, settings } = await clusterWithStore(use);
        const stack = use(await stackOn(cluster, NAMESPACE, { name: "bench", env, settings }));
        await stack.up();
        const client = clientAt(cluster, 0, await stack.output("caCertificatePem"));
        const part = async function* () {
            yield await Promise.resolve(randomBytes(SMALL_BYTES));
        };
        const { digest } = await client.upload("bench/small", part());
        print(
            `Median (least–greatest); ${cpus().length} processors for the nodes, the store and the clients alike.`,
        );
        print("rollout of two replicas:".padEnd(52) + format(await rollout(there), " s"));
        await replicas(cluster, there, digest);
        await scaled(there, 2);
        const onDocker = use(
            await Stack.create("bench-docker", {
                settings: { ...ADMIN, keepData: "false", "front.off": "false" },
            }),
        );
        await onDocker.up();
        const { a, b, ratio } = await pairs(
            UPS,
            () => seconds(() => stack.up("--expect-no-changes")),
            () => seconds(() => onDocker.up("--expect-no-changes")),
        );
        print("pulumi up without a change ÷ that of a Docker stack:".padEnd(52) + format(ratio));
        print(
            `    target 2: ${ratio.median <= 2 ? "met" : "missed"}; ${format(a, " s")} and ${format(b, " s")}`,
        );
    } finally {
        for (const thing of things.reverse()) await thing.dispose();
    }
}
