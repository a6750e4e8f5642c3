/** A collection on a Docker Engine: the registry is stopped, and a second one that only reads answers in its place. */
import type { ContainerInspectInfo } from "../../engine/types";

import type { Engine } from "../../engine/client";
import { says } from "../../engine/errors";
import { exec, execBytes, runToEnd } from "../../engine/run";
import { tar } from "../../engine/tar";
import { type CheckedConfig, DONE } from "../../components/storage/check";
import type { Remote } from "../../components/storage/rclone";
import { SetupError } from "../../setup/errors";
import { type LogChoice, type LogLine, noteRemovals, readFrontLog } from "../shared/front-log";
import { withLock } from "../shared/lock";
import { isAtWork, shown } from "../shared/process";
import { keepEnd } from "../shared/runs";
import { type Broom, inContainer, shell } from "../store/broom";

import { configOf } from "./config-of";
import {
    broom,
    collector,
    collectorName,
    COMMAND_LABEL,
    loopback,
    nameOf,
    PROCESS_LABEL,
    rclone,
    rcloneName,
    reader,
    readerName,
    type Owner,
} from "./containers";
import { create, healthy, inspect, remove, start, stop } from "./engine";
import type { Beside, Ground } from "./ground";
import { AtWork, normal } from "./mend";
import { type Way, wayOf } from "./way";

export class EngineGround implements Ground {
    readonly prefix: string;
    private readonly name: string;
    private way: Way | undefined;
    private held = false;

    /** @param images give the IDs of images, where they are needed */
    constructor(
        private readonly engine: Engine,
        private readonly registry: ContainerInspectInfo,
        private readonly owner: Owner,
        private readonly images: Record<"gate" | "rclone", () => Promise<string>>,
    ) {
        this.prefix = owner.prefix;
        this.name = nameOf(registry);
    }

    readonly run = (command: string[]): Promise<string> =>
        exec(this.engine, this.held ? readerName(this.name) : this.name, command);

    alone<T>(what: string, work: () => Promise<T>): Promise<T> {
        return withLock(this.engine, this.owner, what, work);
    }

    /** By the name of the first container the Engine refuses a second collection at the same moment. */
    async claim(): Promise<void> {
        const { engine, registry, owner, name, prefix } = this;
        this.way = await wayOf(engine, registry, owner, this.images.gate);
        try {
            await engine.createContainer(reader(registry, owner));
        } catch (error) {
            if (!says(error, "already in use")) throw error;
            throw new SetupError(`Another garbage collection of ${prefix} has just begun: wait for its end.`);
        }
        // Who reads the storage meanwhile, such as `npm run retain` before its table, has a container of the collection's name.
        const other = await inspect(engine, collectorName(name));
        const process = other?.Config.Labels[PROCESS_LABEL] ?? "";
        if (isAtWork(process, other?.State.Running ?? false)) {
            await remove(engine, readerName(name));
            throw new AtWork(prefix, name, shown(process), other?.Config.Labels[COMMAND_LABEL]);
        }
    }

    async prepare(): Promise<void> {
        const { engine, name } = this;
        await start(engine, readerName(name));
        // Its health check must not try to write.
        await exec(engine, readerName(name), shell(`: > ${DONE}`));
        await healthy(engine, readerName(name));
        await this.way?.prepare();
        this.held = true;
    }

    /** The registry ends after what it has in flight. */
    async hold(): Promise<void> {
        await stop(this.engine, this.name);
        await this.way?.open();
    }

    /** It is started anew because it remembers blobs: one that was removed would be taken for present by the next push. */
    async release(): Promise<void> {
        await normal(this.engine, this.owner, this.name);
        this.held = false;
    }

    async collect(
        flags: readonly string[],
        onLine: (line: string) => void,
        signal: AbortSignal,
    ): Promise<number> {
        const { engine } = this;
        const name = collectorName(this.name);
        const end = () => void remove(engine, name);
        await create(engine, collector(this.registry, this.owner, flags));
        signal.addEventListener("abort", end);
        try {
            signal.throwIfAborted();
            const code = await runToEnd(engine, name, onLine);
            signal.throwIfAborted();
            return code;
        } finally {
            signal.removeEventListener("abort", end);
            await remove(engine, name);
        }
    }

    async sweep(work: (broom: Broom) => Promise<void>): Promise<void> {
        const { engine } = this;
        const name = collectorName(this.name);
        await create(engine, broom(this.registry, this.owner));
        try {
            await start(engine, name);
            await work(inContainer(engine, name));
        } finally {
            await remove(engine, name);
        }
    }

    config(): Promise<CheckedConfig> {
        return configOf(this.engine, this.registry);
    }

    async beside<T>(
        { script, write, remote }: { script: string; write: boolean; remote: Remote | undefined },
        work: (beside: Beside) => Promise<T>,
    ): Promise<T> {
        const { engine, registry, owner } = this;
        const name = collectorName(this.name);
        try {
            await engine.createContainer(loopback(registry, owner, { script, write }));
        } catch (error) {
            if (!says(error, "already in use")) throw error;
            throw new SetupError(`Another command is at work on ${owner.prefix}: wait for its end.`);
        }
        try {
            await start(engine, name);
            return await work({
                registry: (command) => execBytes(engine, name, command),
                rclone: remote && (await this.startRclone(remote)),
            });
        } finally {
            await remove(engine, rcloneName(this.name));
            await remove(engine, name);
        }
    }

    private async startRclone({ conf }: Remote): Promise<Beside["rclone"]> {
        const { engine, registry, owner } = this;
        const name = rcloneName(this.name);
        await remove(engine, name);
        await engine.createContainer(rclone(registry, owner, await this.images.rclone()));
        // In a file of the container: what stands in its variables or arguments, `docker inspect` shows.
        const file = { path: "rclone.conf", mode: 0o400, content: Buffer.from(conf) };
        await engine.getContainer(name).putArchive(await tar([file]), { path: "/" });
        await start(engine, name);
        return { run: (command) => exec(engine, name, command), conf: "/rclone.conf" };
    }

    readLog(onLine: (line: LogLine) => void, choice: LogChoice): Promise<boolean> {
        return readFrontLog(this.engine, this.owner, onLine, choice);
    }

    noteRemovals(command: string, repository: string, references: readonly string[]): Promise<void> {
        return noteRemovals(this.engine, this.owner, command, repository, references);
    }

    async version(): Promise<string> {
        return (await exec(this.engine, this.registry.Id, ["/bin/registry", "--version"])).trim();
    }

    ended(what: "gc" | "retain"): Promise<void> {
        return keepEnd(this.engine, this.owner, what);
    }
}
