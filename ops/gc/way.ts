/** How clients reach the reader while the registry is away: through the front, or through a gate on the registry's port. */
import type { ContainerInspectInfo } from "../../engine/types";

import type { Engine } from "../../engine/client";
import { exec, runToEnd } from "../../engine/run";
import { DRAIN_FILE, frontName, RETRY_AFTER, SECOND_SOCKET } from "../../components/front/settings";

import { behindFront, gate, gateName, gateTrial, nameOf, type Owner, readerName } from "./containers";
import { create, inspect, listening, remove, start, until } from "./engine";
import { gateConf } from "./gate-conf";
import { CONFIG_FOLDER } from "../../components/storage/folders";
import { REGISTRY_PORT } from "../../components/registry/ports";

/** The two moments at which a way has something to do. */
export interface Way {
    /** Before the registry is stopped: from here on nothing may fail for want of preparation. */
    prepare: () => Promise<void>;
    /** When the registry takes no connection any more. */
    open: () => Promise<void>;
}

const shell = (script: string) => ["/bin/sh", "-c", script];

/** The front passes on to the second socket by itself where the first one is gone. */
function throughFront(engine: Engine, registry: ContainerInspectInfo, { prefix }: Owner): Way {
    const reader = readerName(nameOf(registry));
    return {
        prepare: async () => {
            await until(`${reader} does not open its socket`, async () =>
                (await exec(engine, reader, shell(`[ -S ${SECOND_SOCKET} ] && echo open`))).includes("open"),
            );
            await exec(engine, frontName(prefix), shell(`: > ${DRAIN_FILE}`));
        },
        open: async () => {},
    };
}

/** @param image ID of the nginx image */
function throughGate(engine: Engine, registry: ContainerInspectInfo, owner: Owner, image: string): Way {
    const name = nameOf(registry);
    return {
        prepare: async () => {
            const tls = await exec(engine, name, shell(`[ -e ${CONFIG_FOLDER}/site.crt ] && echo tls`));
            const conf = gateConf({
                reader: readerName(name),
                tls: tls.includes("tls"),
                retryAfter: RETRY_AFTER,
            });
            const lines: string[] = [];
            // Once it is needed it must not fail.
            await create(engine, gateTrial(registry, owner, { image, conf }));
            const code = await runToEnd(engine, gateName(name), (line) => lines.push(line));
            if (code !== 0) throw new Error(`nginx refuses the gate's configuration:\n${lines.join("\n")}`);
            await create(engine, gate(registry, owner, { image, conf }));
        },
        open: async () => {
            await start(engine, gateName(name));
            await listening(engine, gateName(name), REGISTRY_PORT);
        },
    };
}

/** @param image gives the ID of the nginx image, where one is needed */
export async function wayOf(
    engine: Engine,
    registry: ContainerInspectInfo,
    owner: Owner,
    image: () => Promise<string>,
): Promise<Way> {
    if (behindFront(registry)) return throughFront(engine, registry, owner);
    return throughGate(engine, registry, owner, await image());
}

/** Before the registry is started again: its port must be free. */
export const closeGate = (engine: Engine, registry: string) => remove(engine, gateName(registry));

/** When the registry is back: writes go on. */
export async function endDrain(engine: Engine, prefix: string): Promise<void> {
    const front = await inspect(engine, frontName(prefix));
    if (front?.State.Running) await exec(engine, frontName(prefix), shell(`rm -f ${DRAIN_FILE}`));
}
