/** Backups of a registry on a Docker Engine: each job is a container, and the images lie in a volume or a folder of its host. */
import { DEFAULT_BACKUP_IMAGE } from "../../address/default-images";
import { IDENTITY_LABEL, OWNER_LABEL } from "../../components/deployment/hardening";
import { DATA_FOLDER } from "../../components/storage/folders";
import { remoteOf } from "../../components/storage/rclone";
import { connectTo, type Engine } from "../../engine/client";
import type { Endpoint } from "../../engine/endpoint";
import { found, says } from "../../engine/errors";
import { exec, runToEnd } from "../../engine/run";
import { tar } from "../../engine/tar";
import type { ContainerCreateOptions, ContainerInspectInfo, Mount } from "../../engine/types";
import { SetupError } from "../../setup/errors";
import { ensureImages, nameInEngine } from "../../setup/image";
import type { Machine } from "../../setup/machine";
import { prefixOf, type Stack } from "../../setup/stack";
import type { StackFacts } from "../facts/stack-facts";
import { configOf } from "../gc/config-of";
import { networkOf, rclone } from "../gc/containers";
import { create, inspect, remove, start } from "../gc/engine";
import { rcloneImage } from "../gc/stack";
import { isOf } from "../shared/identity";
import { runContainer, TAKE_SECRETS } from "../shared/job";
import { jobLabels, type LockOwner, withLock } from "../shared/lock";
import { processText } from "../shared/process";
import { keepEnd } from "../shared/runs";
import type { Shell } from "../store/broom";

import type { Beside, CopyJob, Ground, RegistryThere } from "./ground";
import { type Images, type Job, scriptOf } from "./job";
import type { Place } from "./place";
import type { Plan } from "./plan";
import { COPY, copyName } from "./remote";
import { isFolder, problemOf, REPOSITORY_FOLDER, secretFiles } from "./repository";
import { DEPLOYMENT, REPOSITORIES, SERVE, SOURCE } from "./scripts";

/** Where the images of a registry are that lie on the Docker host. @throws SetupError where they do not */
function placeOf({ Name, Mounts }: ContainerInspectInfo): Place {
    const data = Mounts.find(({ Destination }) => Destination === DATA_FOLDER);
    // With a store elsewhere the image's own declaration makes a volume without a name.
    if (data === undefined || /^[0-9a-f]{64}$/.test(data.Name ?? ""))
        throw new SetupError(`The images of ${Name.replace(/^\//, "")} do not lie on the Docker host.`);
    return data.Type === "volume"
        ? { type: "volume", source: data.Name ?? data.Source }
        : { type: "bind", source: data.Source };
}

const mount = ({ type, source }: Place, target: string, ReadOnly: boolean): Mount => ({
    Type: type,
    Source: source,
    Target: target,
    ReadOnly,
    ...(type === "volume" ? { VolumeOptions: { NoCopy: true } } : {}),
});

/** What a container has of the images. */
interface Storage {
    Mounts?: Mount[];
    /** Folders of the Docker host, which are made where they are not there: `FOLDER:PATH`. */
    Binds?: string[];
    /** Folders of its own on the Docker host's disk. */
    own?: string[];
}

/** The deployment's files go into memory too. */
const TAKE_DEPLOYMENT = `cp /job/deployment/* ${DEPLOYMENT}/ && rm -rf /job/deployment
`;

const prefixed = (prefix: string, files: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(files).map(([name, content]) => [prefix + name, content]));

interface At {
    machine: Machine;
    stack: Stack;
    endpoint: Endpoint;
    engine: Engine;
    /** backup.image */
    backupImage: string | undefined;
}

interface StateVolume {
    type: string;
    id?: string;
    outputs?: {
        name?: string;
        driver?: string;
        driverOpts?: Record<string, string>;
        labels?: { label: string; value: string }[];
    };
}

export class EngineGround implements Ground {
    readonly where = "in this Engine";
    readonly host = "the Docker host";
    /** ID of restic's image. */
    private image: Promise<string> | undefined;

    private constructor(
        private readonly at: At,
        readonly owner: LockOwner,
        private readonly container: ContainerInspectInfo | undefined,
        readonly registry: RegistryThere | undefined,
    ) {}

    /** @param facts nothing where the stack is not known here */
    static async of(
        machine: Machine,
        stack: Stack,
        endpoint: Endpoint,
        facts: StackFacts | undefined,
    ): Promise<EngineGround> {
        const engine = await connectTo(endpoint);
        const owner = { prefix: prefixOf(stack), identity: facts?.identity };
        const there = await inspect(engine, stack.settings.containerName ?? owner.prefix);
        const container =
            facts !== undefined && isOf(there?.Config.Labels, owner.prefix, owner.identity)
                ? there
                : undefined;
        const remote = container && remoteOf((await configOf(engine, container)).storage);
        const registry = container && {
            image: container.Config.Image,
            running: container.State.Running,
            place:
                remote === undefined
                    ? placeOf(container)
                    : ({ type: "volume", source: copyName(owner.prefix), elsewhere: true } as const),
            remote,
        };
        const at = {
            machine,
            stack,
            endpoint,
            engine,
            backupImage: facts?.backup?.image ?? stack.settings.backupImage,
        };
        return new EngineGround(at, owner, container, registry);
    }

    alone<T>(what: string, work: () => Promise<T>): Promise<T> {
        return withLock(this.at.engine, this.owner, what, work);
    }

    async prepare(): Promise<void> {
        await this.resticImage();
    }

    private resticImage(): Promise<string> {
        const get = async () => {
            const { machine, stack, endpoint, engine, backupImage = DEFAULT_BACKUP_IMAGE } = this.at;
            const none = { front: false, cache: false, nexus: false };
            await ensureImages(machine, endpoint, { ...stack.settings, ...none, backup: true, backupImage });
            const { Id } = await engine.getImage(await nameInEngine(endpoint, backupImage)).inspect();
            return Id;
        };
        return (this.image ??= get());
    }

    private get jobName() {
        return `${this.owner.prefix}-backup`;
    }

    private async storageFor(images: Images | undefined): Promise<Storage> {
        const { engine } = this.at;
        switch (images?.for) {
            case undefined:
                return {};
            case "verification":
                return { own: [DATA_FOLDER] };
            case "restore": {
                const { place } = images;
                return place.type === "bind"
                    ? { Binds: [`${place.source}:${DATA_FOLDER}`] }
                    : { Mounts: [mount(place, DATA_FOLDER, false)] };
            }
            case "comparison": {
                const { place } = images;
                // The Engine makes a volume that is named and not there.
                const there =
                    place.type === "bind" ||
                    (place.type === "volume" &&
                        (await found(() => engine.getVolume(place.source).inspect())) !== undefined);
                return there ? { Mounts: [mount(place, DATA_FOLDER, true)] } : {};
            }
            case "backup": {
                const { place } = images;
                const path = encodeURIComponent(REPOSITORIES);
                const some =
                    place.elsewhere ??
                    (await found(() =>
                        engine.call("HEAD", `/containers/${this.container?.Id}/archive?path=${path}`),
                    ));
                return {
                    Mounts: [mount(place, DATA_FOLDER, true), mount(place, SOURCE, true)],
                    own: some === undefined ? [] : [REPOSITORIES],
                };
            }
        }
    }

    async run(
        job: Job,
        onLine: (line: string) => void,
        use: (beside: Beside) => Promise<void>,
    ): Promise<number> {
        const storage = await this.storageFor(job.images);
        try {
            return await this.runWith(storage, job, onLine, use);
        } catch (error) {
            if (job.images?.for === "comparison" && says(error, "bind source path does not exist"))
                return this.runWith({}, job, onLine, use);
            // The folder is on a file system, or under a path, on which the Engine cannot make it.
            if (error instanceof SetupError || !/mkdir|mount|bind source|read-only/i.test(String(error)))
                throw error;
            throw new SetupError(problemOf(job.repository, String(error), this.host));
        }
    }

    private async runWith(
        { Mounts = [], Binds = [], own = [] }: Storage,
        job: Job,
        onLine: (line: string) => void,
        use: (beside: Beside) => Promise<void>,
    ): Promise<number> {
        const { owner, container } = this;
        const { repository, memory = [], deployment, files, signal } = job;
        const folder = isFolder(repository);
        const begin = TAKE_SECRETS + (deployment === undefined ? "" : TAKE_DEPLOYMENT);
        const inMemory = [...memory, ...(deployment === undefined ? [] : [DEPLOYMENT])];
        const options: ContainerCreateOptions = {
            Image: await this.resticImage(),
            Entrypoint: ["/bin/sh", "-c", begin + scriptOf(job)],
            Cmd: [],
            // By it restic's own locks are known as this deployment's.
            Hostname: (owner.identity ?? owner.prefix).slice(0, 63),
            User: "0:0",
            Volumes: Object.fromEntries(own.map((path) => [path, {}])),
            HostConfig: {
                NetworkMode: folder ? "none" : container === undefined ? "bridge" : networkOf(container),
                Mounts,
                // A folder that is not there yet is made.
                Binds: [...Binds, ...(folder ? [`${repository.repository}:${REPOSITORY_FOLDER}`] : [])],
                Tmpfs: Object.fromEntries(inMemory.map((path) => [path, "mode=0700"])),
                ReadonlyRootfs: true,
                // The images, or the repository, may belong to another user of the Docker host.
                CapAdd: ["DAC_OVERRIDE", "CHOWN", "FOWNER"],
            },
        };
        const given = {
            ...prefixed("secrets/", secretFiles(repository)),
            ...prefixed("deployment/", deployment),
            ...files,
        };
        return runContainer(
            this.at.engine,
            { name: this.jobName, owner, container: options, files: given, signal },
            onLine,
            async (code) => {
                if (code === 0) await use({ serve: (work) => this.serve(work) });
            },
        );
    }

    /** In a container without a network. */
    private async serve<T>(work: (run: Shell) => Promise<T>): Promise<T> {
        const { engine } = this.at;
        const name = `${this.owner.prefix}-verify`;
        await create(engine, {
            name,
            Image: this.container?.Image ?? "",
            Entrypoint: SERVE,
            Cmd: [],
            Labels: jobLabels(this.owner),
            HostConfig: {
                NetworkMode: "none",
                VolumesFrom: [`${this.jobName}:ro`],
                ReadonlyRootfs: true,
                Tmpfs: { "/tmp": "" },
                CapDrop: ["ALL"],
                CapAdd: ["DAC_OVERRIDE"],
                SecurityOpt: ["no-new-privileges:true"],
            },
        });
        try {
            await start(engine, name);
            return await work((command) => exec(engine, name, command));
        } finally {
            await remove(engine, name);
        }
    }

    async copy({ script, files, signal }: CopyJob, onLine: (line: string) => void): Promise<number> {
        const { owner, container } = this;
        const { engine } = this.at;
        if (container === undefined) throw new Error("there is no registry whose store could be copied");
        await this.ensureCopy();
        const by = { identity: undefined, ...owner, process: processText() };
        const like = rclone(container, by, await rcloneImage(this.at));
        const name = `${owner.prefix}-backup-rclone`;
        const end = () => void remove(engine, name).catch(() => undefined);
        await remove(engine, name);
        await engine.createContainer({
            ...like,
            name,
            Entrypoint: ["/bin/sh", "-c", script],
            Labels: jobLabels(owner),
            HostConfig: {
                ...like.HostConfig,
                Mounts: [{ Type: "volume", Source: copyName(owner.prefix), Target: COPY }],
            },
        });
        signal.addEventListener("abort", end);
        try {
            // In files of the container: what stands in its variables or arguments, `docker inspect` shows.
            const archive = await tar([
                { path: "job/", mode: 0o700 },
                ...Object.entries(files).map(([path, text]) => ({
                    path: `job/${path}`,
                    mode: 0o400,
                    content: Buffer.from(text),
                })),
            ]);
            await engine.getContainer(name).putArchive(archive, { path: "/" });
            signal.throwIfAborted();
            const code = await runToEnd(engine, name, onLine);
            signal.throwIfAborted();
            return code;
        } catch (error) {
            signal.throwIfAborted();
            if (!says(error, "No such container")) throw error;
            throw new SetupError(
                `The container ${name} went away while it was at work: run the same command again.`,
            );
        } finally {
            signal.removeEventListener("abort", end);
            await remove(engine, name);
        }
    }

    private async ensureCopy(): Promise<void> {
        const { engine } = this.at;
        const { prefix, identity } = this.owner;
        const source = copyName(prefix);
        const there = await found(() => engine.getVolume(source).inspect());
        if (there !== undefined) return;
        await engine.createVolume({
            Name: source,
            Labels: {
                [OWNER_LABEL]: prefix,
                ...(identity === undefined ? {} : { [IDENTITY_LABEL]: identity }),
            },
        });
    }

    refused({ dockerHost: host }: Readonly<Record<string, unknown>>): string | undefined {
        return typeof host === "string" && host !== this.at.endpoint.url
            ? `The backup's configuration deploys to the Docker Engine ${host}: DOCKER_HOST=${host} before the same command.`
            : undefined;
    }

    /** Makes the data volume as the state has it, so that the deployment knows it as its own. */
    async makePlace({ state, manifest }: Plan): Promise<boolean> {
        const { engine } = this.at;
        const { type, source, elsewhere } = manifest.place;
        if (elsewhere || type === "claim") return false;
        if (type === "bind") return true;
        const there = await found(() => engine.getVolume(source).inspect());
        if (there !== undefined) {
            const { [OWNER_LABEL]: owner, [IDENTITY_LABEL]: identity } = there.Labels ?? {};
            if (identity === manifest.identity || owner === undefined) return true;
            throw new SetupError(
                `The volume ${source} is there and is another deployment's (${owner}); nothing was changed. Where nothing in it is wanted: docker volume rm ${source}`,
            );
        }
        const { deployment } = JSON.parse(state) as { deployment?: { resources?: StateVolume[] | null } };
        const known = (deployment?.resources ?? []).find(
            (one) => one.type === "docker:index/volume:Volume" && one.outputs?.name === source,
        )?.outputs;
        await engine.createVolume({
            Name: source,
            Driver: known?.driver ?? "local",
            DriverOpts: known?.driverOpts ?? {},
            Labels: Object.fromEntries((known?.labels ?? []).map(({ label, value }) => [label, value])),
        });
        return true;
    }

    ended(): Promise<void> {
        return keepEnd(this.at.engine, this.owner, "backup");
    }
}
