/** Nexus changes its database when a newer one starts: the former database is kept beside it until the upgrade has ended. */
import type { Engine } from "../../engine/client";
import { runToEnd } from "../../engine/run";
import type { ContainerInspectInfo } from "../../engine/types";
import { NEXUS_FOLDER } from "../../components/nexus/plan";
import { SetupError } from "../../setup/errors";
import { inspect, remove, stop } from "../gc/engine";
import { jobLabels, type LockOwner } from "../shared/lock";

import type { Image } from "./parts";
import type { UnderWay } from "./record";

/** Name of the copy, of one upgrade alone. */
const copyOf = ({ begun }: Pick<UnderWay, "begun">) => `db.before-upgrade-${begun.replace(/\D/g, "")}`;

const SCRIPTS = {
    keep: (copy: string) => `[ -d db ] && [ ! -d ${copy} ] || exit 0
rm -rf ${copy}.new && cp -a db ${copy}.new && mv ${copy}.new ${copy}`,
    keepAnew: (copy: string) => `[ -d db ] || exit 0
rm -rf ${copy}.new && cp -a db ${copy}.new && rm -rf ${copy} && mv ${copy}.new ${copy}`,
    back: (copy: string) => `[ -d ${copy} ] || exit 0
rm -rf db.new && cp -a ${copy} db.new && rm -rf db && mv db.new db`,
    drop: (copy: string) => `rm -rf ${copy} ${copy}.new`,
    orient: () => `[ -d db/component ] && [ ! -e db/nexus.mv.db ] && echo orient; exit 0`,
};

/** Runs a script in Nexus's folder, as its own user. @returns what it printed */
async function inData(
    engine: Engine,
    owner: LockOwner,
    { image, script }: { image: string; script: string },
): Promise<string> {
    const name = `${owner.prefix}-nexus-data-copy`;
    const lines: string[] = [];
    await remove(engine, name);
    await engine.createContainer({
        name,
        Image: image,
        Entrypoint: ["/bin/sh", "-c", `cd ${NEXUS_FOLDER} || exit 1\n${script}`],
        Cmd: [],
        User: "200:200",
        Labels: jobLabels(owner),
        HostConfig: {
            NetworkMode: "none",
            Mounts: [{ Type: "volume", Source: `${owner.prefix}-nexus-data`, Target: NEXUS_FOLDER }],
            CapDrop: ["ALL"],
            LogConfig: { Type: "none", Config: {} },
        },
    });
    try {
        const code = await runToEnd(engine, name, (line) => lines.push(line));
        if (code === 0) return lines.join("\n");
        throw new SetupError(
            `The database of Nexus cannot be copied: ${lines.at(-1) ?? `exit code ${code}`}.`,
        );
    } finally {
        await remove(engine, name);
    }
}

/** Whether Nexus keeps its data in an OrientDB. @param image ID of one with a shell */
export const hasOrient = async (engine: Engine, owner: LockOwner, image: string): Promise<boolean> =>
    (await inData(engine, owner, { image, script: SCRIPTS.orient() })).includes("orient");

const stepOf = ({ steps }: UnderWay) => steps.find(({ part }) => part === "nexus");

/** Whether a version works on the database as it is: what clients wrote since a copy was made is in that alone. */
const works = (container: ContainerInspectInfo | undefined, { id }: Image): boolean =>
    container?.Image === id && container.State.Running && container.State.Health?.Status === "healthy";

/** Stops the Nexus that runs and keeps its database, once: but anew where it went on after an upgrade that was killed. */
export async function keepDatabase(engine: Engine, owner: LockOwner, record: UnderWay): Promise<void> {
    const step = stepOf(record);
    if (step === undefined) return;
    const [name = ""] = step.containers;
    const running = await inspect(engine, name);
    // The new one may have changed it already; then the copy is there.
    if (running?.Image !== step.from.id) return;
    const script = SCRIPTS[works(running, step.from) ? "keepAnew" : "keep"](copyOf(record));
    await stop(engine, name);
    await inData(engine, owner, { image: step.from.id, script });
}

/**
 * Puts the kept database back, where the new Nexus did not become healthy.
 *
 * @param later not in the run that tried the new one: where the former one works by now, its database stays as it is
 * @returns whether it goes back
 */
export async function databaseBack(
    engine: Engine,
    owner: LockOwner,
    record: UnderWay,
    later = false,
): Promise<boolean> {
    const step = stepOf(record);
    if (step === undefined) return false;
    const [name = ""] = step.containers;
    const there = await inspect(engine, name);
    // Clients may have written into one that works.
    if (works(there, step.to)) return false;
    if (later && works(there, step.from)) return true;
    for (const one of [name, `${name}-former`, `${name}-failed`])
        if ((await inspect(engine, one))?.State.Running) await stop(engine, one);
    await inData(engine, owner, { image: step.from.id, script: SCRIPTS.back(copyOf(record)) });
    return true;
}

export async function dropCopy(engine: Engine, owner: LockOwner, record: UnderWay): Promise<void> {
    const step = stepOf(record);
    if (step !== undefined)
        await inData(engine, owner, { image: step.to.id, script: SCRIPTS.drop(copyOf(record)) });
}
