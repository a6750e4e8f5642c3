/** `npm run bench`: prints how fast the kit is, as ratios to what a user would else do or wait for. */
import { resolve } from "node:path";

import { withoutOurs } from "../setup/plugins";
import { environment } from "../tests/e2e/environment";
import { must, type RunOptions } from "../tests/e2e/run";
import { ADMIN, freePort, Stack } from "../tests/e2e/stack";

import { backup } from "./backup";
import { emptyProgram, emptyScript } from "./empty";
import { front } from "./front";
import { kubernetes } from "./kubernetes";
import { deployByHand } from "./manual";
import { format, pairs, seconds, spread } from "./measure";

const ROOT = resolve(__dirname, "..");
const DEPLOYMENTS = 3;
const UPS = 7;

const print = (text: string) => void process.stdout.write(`${text}\n`);
const verdict = (met: boolean) => (met ? "met" : "missed");

/** Seconds of the manual steps, whose registry is gone afterwards. */
async function byHand(name: string, port: number): Promise<number> {
    let remove = async () => {};
    const time = await seconds(async () => (remove = await deployByHand(name, port)));
    await remove();
    return time;
}

async function firstDeployment(stack: Stack): Promise<void> {
    const name = `${stack.prefix}-by-hand`;
    const port = await freePort();
    const { a, b, ratio } = await pairs(
        DEPLOYMENTS,
        async () => {
            const time = await seconds(() => stack.up());
            await stack.destroy();
            return time;
        },
        () => byHand(name, port),
    );
    print(`first deployment ÷ the manual steps:        ${format(ratio)}`);
    print(`    pulumi up ${format(a, " s")}; openssl, htpasswd, docker run ${format(b, " s")}`);
}

/** A first deployment with the front, as it is by default, and without. */
async function withFront(): Promise<void> {
    const settings = { ...ADMIN, keepData: "false" };
    const stacks = [
        await Stack.create("bench-with", { settings: { ...settings, "front.off": "false" } }),
        await Stack.create("bench-without", { settings }),
    ] as const;
    const deploy = (stack: Stack) => async () => {
        const time = await seconds(() => stack.up());
        await stack.destroy();
        return time;
    };
    try {
        const { a, b, ratio } = await pairs(UPS, deploy(stacks[0]), deploy(stacks[1]));
        print(`first deployment with the front ÷ without:  ${format(ratio)}`);
        print(`    target 1.3: ${verdict(ratio.median <= 1.3)}; ${format(a, " s")} and ${format(b, " s")}`);
    } finally {
        for (const stack of stacks) await stack.dispose();
    }
}

/** How much of it is Pulumi and npm themselves, before a program makes anything. */
async function floor(stack: Stack): Promise<void> {
    const emptyUp = await emptyProgram(stack, ROOT);
    const name = "private-registry-bench-floor";
    const port = await freePort();
    const deploying = await pairs(
        DEPLOYMENTS,
        () => seconds(emptyUp),
        () => byHand(name, port),
    );
    print(`an empty program ÷ the manual steps:        ${format(deploying.ratio)}`);
    const loading = await pairs(
        UPS,
        () => seconds(emptyUp),
        () => seconds(loadSdk),
    );
    print(`an empty program ÷ loading the SDK:         ${format(loading.ratio)}`);
    const nothing = emptyScript(stack);
    const times: number[] = [];
    for (let i = 0; i < UPS; i++) times.push(await seconds(nothing));
    print(`npm run of nothing:                         ${format(spread(times), " s")}`);
}

const loadSdk = () =>
    must(process.execPath, ["-e", 'require("@pulumi/pulumi")'], { cwd: ROOT, env: environment() });

async function noChange(stack: Stack): Promise<void> {
    const { a, b, ratio } = await pairs(
        UPS,
        () => seconds(() => stack.up("--expect-no-changes")),
        () => seconds(loadSdk),
    );
    print(`pulumi up without a change ÷ loading the SDK: ${format(ratio)}`);
    print(`    target 2.5: ${verdict(ratio.median <= 2.5)}; ${format(a, " s")} and ${format(b, " s")}`);
}

async function overhead(stack: Stack): Promise<void> {
    // `npm run up` works on its own checkout; the stack and its configuration stay outside of it.
    const file = resolve(stack.project, `Pulumi.${stack.name}.yaml`);
    const flags = ["--yes", "--skip-preview", "--stack", stack.name, "--config-file", file];
    const options: RunOptions = { cwd: ROOT, env: { ...stack.env, PWD: ROOT } };
    const npmRunUp = () => must("npm", ["run", "up", "--", ...flags], options);
    // The first one remembers what it found on this machine.
    await npmRunUp();
    const { a, b, difference } = await pairs(
        UPS,
        () => seconds(npmRunUp),
        () => seconds(() => must("pulumi", ["up", ...flags], options)),
    );
    print(`npm run up − pulumi up:                     ${format(difference, " s")}`);
    print(
        `    target 0.3 s: ${verdict(difference.median <= 0.3)}; ${format(a, " s")} and ${format(b, " s")}`,
    );
}

export async function main(): Promise<void> {
    if (process.argv[2] === "backup") return backup();
    if (process.argv[2] === "front") return front();
    // By itself: what it runs is built in half an hour, once for each user.
    if (process.argv[2] === "kubernetes") return kubernetes();
    const embedded = withoutOurs(process.env.PATH ?? "") !== process.env.PATH;
    print(`Median (least–greatest); ${embedded ? "embedded" : "official"} provider plugins.`);
    const stack = await Stack.create("bench", { settings: { ...ADMIN, keepData: "false" } });
    try {
        await firstDeployment(stack);
        await stack.up();
        await noChange(stack);
        await floor(stack);
        await overhead(stack);
    } finally {
        await stack.dispose();
    }
    await withFront();
    await front();
    await backup();
}

main().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
});
