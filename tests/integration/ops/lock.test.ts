/** One command at a time works on a deployment, with the real Engine. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";

import { connect, type Engine } from "../../../engine/client";
import { OWNER_LABEL } from "../../../components/deployment/hardening";
import { containersOf, endDead, JOB_LABEL, Locked, lockName, withLock } from "../../../ops/shared/lock";
import { processText } from "../../../ops/shared/process";

const owner = { prefix: `e2e-lock-${randomBytes(4).toString("hex")}`, identity: "0".repeat(32) };
let engine: Engine;

beforeAll(async () => {
    engine = await connect();
});
afterAll(async () => {
    for (const { Id } of await containersOf(engine, owner.prefix))
        await engine.getContainer(Id).remove({ force: true, v: true });
});

/** A container of the deployment with these labels, and the image that the lock has. */
async function leave(name: string, labels: Record<string, string>): Promise<void> {
    const [image] = await engine.json<{ Id: string }[]>("GET", "/images/json");
    await engine.createContainer({
        name,
        Image: image?.Id ?? "",
        Cmd: ["true"],
        Labels: {
            [OWNER_LABEL]: owner.prefix,
            "private-registry.identity": owner.identity,
            ...labels,
        },
    });
}
const leaveLock = (process: string) =>
    leave(lockName(owner.prefix), {
        "private-registry.lock": "backup",
        "private-registry.lock.process": process,
    });
const names = async () =>
    (await containersOf(engine, owner.prefix)).map(({ Names }) => Names[0]?.slice(1)).sort();
/** A process of this machine that has ended. */
const ended = () => {
    const { stdout } = spawnSync("sh", ["-c", "echo $$"], { encoding: "utf8" });
    return processText(Number(stdout));
};

test("what is done under the lock has it, passes through it once more, and gives it back", async () => {
    const seen = await withLock(engine, owner, "gc", async () => {
        const within = await withLock(engine, owner, "up", names);
        return [within, await names()];
    });
    expect(seen).toEqual([[lockName(owner.prefix)], [lockName(owner.prefix)]]);
    expect(await names()).toEqual([]);
});

test("it is given back where the work fails, and makes no volume", async () => {
    await expect(
        withLock(engine, owner, "gc", async () => {
            // The image declares one; other tests make others meanwhile.
            const { Mounts } = await engine.getContainer(lockName(owner.prefix)).inspect();
            expect(Mounts.filter(({ Type }) => Type === "volume")).toEqual([]);
            throw new Error("broken");
        }),
    ).rejects.toThrow("broken");
    expect(await names()).toEqual([]);
});

test("another process, and another machine, is refused in one sentence, and nothing of theirs is touched", async () => {
    for (const [holder, shown] of [
        [processText(1), /\(\S+:1\)/],
        [processText(77, "elsewhere"), /\(elsewhere:77\)/],
    ] as const) {
        await leaveLock(holder);
        await leave(`${owner.prefix}-job`, { [JOB_LABEL]: owner.prefix });
        const refused = withLock(engine, owner, "up", () => Promise.resolve());
        await expect(refused).rejects.toThrow(Locked);
        await expect(refused).rejects.toThrow(shown);
        await expect(refused).rejects.toThrow(
            "Wait for its end; if that process is gone: npm run gc -- --mend",
        );
        await endDead(engine, await containersOf(engine, owner.prefix), owner);
        expect(await names()).toEqual([`${owner.prefix}-job`, lockName(owner.prefix)]);
        await endDead(engine, await containersOf(engine, owner.prefix), owner, true);
        expect(await names()).toEqual([]);
    }
});

test("what a command of this machine left that was killed is taken over, and its work ended", async () => {
    await leaveLock(ended());
    expect(await withLock(engine, owner, "up", names)).toEqual([lockName(owner.prefix)]);
    await leaveLock(ended());
    await leave(`${owner.prefix}-job`, { [JOB_LABEL]: owner.prefix });
    await endDead(engine, await containersOf(engine, owner.prefix), owner);
    expect(await names()).toEqual([]);
});

test("a container of the user's with that name is named, and stays", async () => {
    await leave(lockName(owner.prefix), {});
    await expect(withLock(engine, owner, "up", () => Promise.resolve())).rejects.toThrow("docker rename");
    expect(await names()).toEqual([lockName(owner.prefix)]);
});
