/** The database of Nexus is kept while another version is tried, and put back where that does not work. */
import { randomBytes } from "node:crypto";

import { connect, type Engine } from "../../../engine/client";
import { databaseBack, dropCopy, hasOrient, keepDatabase } from "../../../ops/upgrade/nexus-data";
import type { UnderWay } from "../../../ops/upgrade/record";
import { remove } from "../../../ops/gc/engine";
import { docker } from "../../e2e/docker";
import { RESTIC_IMAGE as IMAGE } from "../../e2e/images";

const prefix = `e2e-nexus-data-${randomBytes(3).toString("hex")}`;
const name = `${prefix}-nexus`;
const volume = `${name}-data`;
let engine: Engine;
let record: UnderWay;

const inVolume = (script: string) =>
    docker(
        "run",
        "--rm",
        "--network",
        "none",
        "-v",
        `${volume}:/d`,
        "-w",
        "/d",
        "--entrypoint",
        "/bin/sh",
        IMAGE,
        "-ec",
        script,
    );
/** A container in Nexus's place. @param healthy whether it says that it works */
const nexus = async (healthy: boolean) => {
    await remove(engine, name);
    await docker(
        ...[
            "run",
            "--detach",
            "--name",
            name,
            "--network",
            "none",
            "-v",
            `${volume}:/nexus-data`,
            "--stop-timeout",
            "0",
        ],
        ...[
            "--health-cmd",
            healthy ? "true" : "false",
            "--health-interval",
            "200ms",
            "--health-retries",
            "1",
        ],
        ...["--entrypoint", "/bin/sleep", IMAGE, "600"],
    );
};

/** One that works. */
const healthy = async () => {
    await nexus(true);
    const status = () => docker("inspect", "--format", "{{.State.Health.Status}}", name);
    for (let i = 0; i < 50 && (await status()).trim() !== "healthy"; i++)
        await new Promise((resolve) => setTimeout(resolve, 100));
};

beforeAll(async () => {
    engine = await connect();
    const id = (await docker("image", "inspect", "--format", "{{.Id}}", IMAGE)).trim();
    const other = { name: "other", id: `sha256:${"0".repeat(64)}`, version: "3.94.0" };
    const own = { name: IMAGE, id, version: "3.90.0" };
    record = {
        begun: "2026-11-26T21:00:00.000Z",
        known: undefined,
        steps: [{ part: "nexus", containers: [name], from: own, to: other }],
    };
    await inVolume("mkdir db; echo old > db/nexus.mv.db; chown -R 200:200 .");
});
afterAll(async () => {
    await remove(engine, name);
    await docker("volume", "rm", "--force", volume);
});

test("the copy is made once, is put back, and goes", async () => {
    await nexus(false);
    expect(await hasOrient(engine, { prefix }, IMAGE)).toBe(false);
    await keepDatabase(engine, { prefix }, record);
    expect((await docker("inspect", "--format", "{{.State.Running}}", name)).trim()).toBe("false");
    // The new one began to change it, and the command was killed and run again.
    await inVolume("echo new > db/nexus.mv.db");
    await keepDatabase(engine, { prefix }, record);
    await nexus(false);
    expect(await databaseBack(engine, { prefix }, record)).toBe(true);
    expect(await inVolume("cat db/nexus.mv.db; ls")).toMatch(/^old\ndb\ndb\.before-upgrade-\d+\n$/);
    const [step] = record.steps;
    if (step) await dropCopy(engine, { prefix }, { ...record, steps: [{ ...step, to: step.from }] });
    expect(await inVolume("ls")).toBe("db\n");
});

test("a new one that works keeps what clients wrote into it", async () => {
    const [step] = record.steps;
    if (step === undefined) throw new Error("there is no step");
    const works = { ...record, steps: [{ ...step, to: step.from }] };
    await healthy();
    expect(await databaseBack(engine, { prefix }, works)).toBe(false);
});

test("what was written into the former one after an upgrade was killed stays, whichever way it goes on", async () => {
    const later = { ...record, begun: "2026-11-26T22:00:00.000Z" };
    await healthy();
    await inVolume("echo first > db/nexus.mv.db; chown -R 200:200 .");
    await keepDatabase(engine, { prefix }, later);
    // The upgrade was killed; by `npm run up` the former one runs again, and clients write.
    await healthy();
    await inVolume("echo second > db/nexus.mv.db");
    expect(await databaseBack(engine, { prefix }, later, true)).toBe(true);
    expect(await inVolume("cat db/nexus.mv.db")).toBe("second\n");
    // Or it is gone on with, and the new one fails.
    await keepDatabase(engine, { prefix }, later);
    await inVolume("echo broken > db/nexus.mv.db");
    await nexus(false);
    expect(await databaseBack(engine, { prefix }, later)).toBe(true);
    expect(await inVolume("cat db/nexus.mv.db")).toBe("second\n");
});
