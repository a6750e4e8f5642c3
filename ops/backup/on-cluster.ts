/**
 * Backups of a registry on a cluster: each job is a pod beside the registry's, with its claim. docs/adr/0036-backup-on-a-cluster.md
 */
import { DEFAULT_BACKUP_IMAGE } from "../../address/default-images";
import { type Cluster, type ClusterObject, ClusterRefused } from "../../cluster/cluster";
import { clusterName, REGISTRY_CONTAINER } from "../../components/kubernetes/names";
import { CONFIG_FOLDER, DATA_FOLDER } from "../../components/storage/folders";
import { remoteOf } from "../../components/storage/rclone";
import { SetupError } from "../../setup/errors";
import { objectOf, prefixOf, type Stack } from "../../setup/stack";
import { type ClusterGround as Collecting, clusterGround, inPod } from "../gc/on-cluster";
import { withClusterLock } from "../shared/cluster-lock";
import { runScript } from "../shared/cluster-script";
import { belonging, containerOf, registryContainer, type TaskOwner } from "../shared/cluster-task";
import { SECRETS } from "../shared/job";
import type { LockOwner } from "../shared/lock";
import {
    type ClusterRegistry,
    type Container,
    DEPLOYMENT as KIND,
    type DeploymentObject,
    type PodSpec,
} from "../shared/on-cluster";
import { shell } from "../store/broom";

import type { Beside, CopyJob, Ground, RegistryThere } from "./ground";
import { type Images, type Job, scriptOf } from "./job";
import { COPY, copyName } from "./remote";
import { isFolder, secretFiles, shownRepository } from "./repository";
import { DEPLOYMENT, REPOSITORIES, SERVE, SOURCE } from "./scripts";

/** Names of containers and volumes. */
const RESTIC = "restic";
const RCLONE = "rclone";
const SERVER = "server";
const COPIED = "copied";
const WORK = "work";
const LINKS = "links";
const OWN = "own";
const TEMPORARY = "temporary";
const PASSWD = "passwd";
/** The volume of the registry's pods with the images. */
const DATA = "data";

type Mounts = NonNullable<Container["volumeMounts"]>;
type Volumes = NonNullable<PodSpec["volumes"]>;

const inMemory = (name: string) => ({ name, emptyDir: { medium: "Memory" } });
const onDisk = (name: string) => ({ name, emptyDir: {} });

/** The pods' user by name: ssh does nothing for one that has none. As a file it is a field of the pod. */
const PASSWD_ANNOTATION = "private-registry/passwd";
const passwdOf = ({ spec }: TaskOwner): string => {
    const { runAsUser = 0, runAsGroup = runAsUser } = (spec.template.spec.securityContext ?? {}) as {
        runAsUser?: number;
        runAsGroup?: number;
    };
    return `registry:x:${runAsUser}:${runAsGroup}::/job:/bin/sh\n`;
};
const PASSWD_VOLUME = {
    name: PASSWD,
    downwardAPI: {
        items: [{ path: PASSWD, fieldRef: { fieldPath: `metadata.annotations['${PASSWD_ANNOTATION}']` } }],
    },
};

const below = (folder: string, files: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));

/** The claim of a deployment; nothing where its images lie elsewhere. */
const claimOf = ({ spec }: DeploymentObject): string | undefined =>
    spec.template.spec.volumes?.find(({ name }) => name === DATA)?.persistentVolumeClaim?.claimName;

export class ClusterGround implements Ground {
    readonly where: string;
    readonly host = "the pod's node";

    private constructor(
        private readonly on: ClusterRegistry,
        readonly owner: LockOwner,
        /** The Deployment, or what stands for it where there is none. */
        private readonly task: TaskOwner,
        private readonly image: string,
        /** Nothing where there is no registry. */
        private readonly collecting: Collecting | undefined,
        readonly registry: RegistryThere | undefined,
    ) {
        this.where = `in the namespace ${on.cluster.namespace} of the cluster`;
    }

    /** Of a stack that is known here, whether its registry stands or not. @param image backup.image */
    static async of(on: ClusterRegistry, image = DEFAULT_BACKUP_IMAGE): Promise<ClusterGround> {
        const { cluster, name, prefix, identity } = on;
        const owner = { prefix, identity };
        const deployment = await cluster.get<DeploymentObject>(KIND, name);
        if (deployment === undefined)
            return new ClusterGround(on, owner, await standIn(name), image, undefined, undefined);
        const collecting = await clusterGround(on, "backup");
        const claim = claimOf(deployment);
        const remote = claim === undefined ? remoteOf((await collecting.config()).storage) : undefined;
        const registry: RegistryThere = {
            image: containerOf(deployment, REGISTRY_CONTAINER).image,
            running: (deployment.status?.readyReplicas ?? 0) > 0,
            place:
                claim === undefined
                    ? { type: "claim", source: copyName(name), elsewhere: true }
                    : { type: "claim", source: claim },
            remote,
        };
        return new ClusterGround(on, owner, deployment, image, collecting, registry);
    }

    /** Of a stack that is not known here, on a cluster that the configuration names. */
    static async bare(cluster: Cluster, stack: Stack): Promise<ClusterGround> {
        const prefix = prefixOf(stack);
        const access = namedIn(stack);
        const name = `${clusterName(prefix)}-bare`;
        const on = { cluster, name, prefix, identity: "", access, rcloneImage: "" };
        return new ClusterGround(
            on,
            { prefix },
            await standIn(name),
            stack.settings.backupImage ?? DEFAULT_BACKUP_IMAGE,
            undefined,
            undefined,
        );
    }

    alone<T>(what: string, work: () => Promise<T>): Promise<T> {
        return withClusterLock(this.on, what, work);
    }

    // The nodes pull the images.
    async prepare(): Promise<void> {}

    /** Of the containers of jobs. */
    private async confined(): Promise<object> {
        const { securityContext } =
            this.registry === undefined ? {} : registryContainer(this.task as DeploymentObject);
        return securityContext ?? (await import("../../components/kubernetes/confined")).CONFINED;
    }

    private async storageFor(images: Images | undefined): Promise<{ mounts: Mounts; volumes: Volumes }> {
        if (images === undefined) return { mounts: [], volumes: [] };
        if (images.for === "verification")
            return { mounts: [{ name: OWN, mountPath: DATA_FOLDER }], volumes: [onDisk(OWN)] };
        const { source, elsewhere } = images.place;
        // Where there is no registry there is nothing to compare with.
        if (this.registry === undefined) return { mounts: [], volumes: [] };
        const name = elsewhere ? COPIED : DATA;
        const volumes = elsewhere ? [{ name, persistentVolumeClaim: { claimName: source } }] : [];
        if (images.for !== "backup")
            return {
                mounts: [{ name, mountPath: DATA_FOLDER, readOnly: images.for === "comparison" }],
                volumes,
            };
        const links = [{ name: LINKS, mountPath: REPOSITORIES }];
        const some =
            elsewhere ?? (await this.collecting?.run(shell(`[ ! -d ${REPOSITORIES} ] || echo there`)));
        return {
            mounts: [
                { name, mountPath: DATA_FOLDER, readOnly: true },
                { name, mountPath: SOURCE, readOnly: true },
                ...(some ? links : []),
            ],
            volumes: [...volumes, ...(some ? [onDisk(LINKS)] : [])],
        };
    }

    async run(
        job: Job,
        onLine: (line: string) => void,
        use: (beside: Beside) => Promise<void>,
    ): Promise<number> {
        const { on, task, owner } = this;
        const { repository, images, memory = [], deployment, files, signal } = job;
        if (isFolder(repository))
            throw new SetupError(
                `${shownRepository(repository)} is a folder of a Docker host, which no pod has: name a repository of restic's, such as s3:https://s3.example.com/bucket (docs/backup.md).`,
            );
        const storage = await this.storageFor(images);
        const securityContext = await this.confined();
        const folders = [...memory, ...(deployment === undefined ? [] : [DEPLOYMENT])];
        const own = folders.map((mountPath, index) => ({ name: `memory-${index}`, mountPath }));
        const others = images?.for === "verification" ? [this.server(securityContext, storage.mounts)] : [];
        return runScript(
            on,
            task,
            {
                name: "backup",
                free: true,
                // By it restic's own locks are known as this deployment's.
                hostname: owner.identity?.slice(0, 63) ?? clusterName(owner.prefix),
                annotations: { [PASSWD_ANNOTATION]: passwdOf(task) },
                container: {
                    ...{ name: RESTIC, image: this.image, securityContext },
                    resources: { requests: { memory: "128Mi", cpu: "50m" } },
                    volumeMounts: [
                        { name: WORK, mountPath: "/job" },
                        { name: PASSWD, mountPath: "/etc/passwd", subPath: PASSWD, readOnly: true },
                        ...storage.mounts,
                        ...own,
                    ],
                },
                others,
                volumes: [
                    onDisk(WORK),
                    PASSWD_VOLUME,
                    ...storage.volumes,
                    ...own.map(({ name }) => inMemory(name)),
                    ...(others.length > 0 ? [inMemory(TEMPORARY)] : []),
                ],
                script: scriptOf(job),
                files: {
                    ...below(SECRETS, secretFiles(repository)),
                    ...below(DEPLOYMENT, deployment),
                    ...below("/job", files),
                },
            },
            onLine,
            signal,
            async (code, pod) => {
                if (code === 0) await use({ serve: (work) => work(inPod(on, pod, SERVER).run) });
            },
        );
    }

    /** A registry on the pod's own loopback. */
    private server(securityContext: object, mounts: Mounts): Container {
        return {
            ...{ name: SERVER, image: this.registry?.image ?? "", command: SERVE, securityContext },
            resources: { requests: { memory: "64Mi", cpu: "50m" } },
            volumeMounts: [
                ...mounts.map((one) => ({ ...one, readOnly: true })),
                { name: TEMPORARY, mountPath: "/tmp" },
            ],
        };
    }

    async copy({ script, files, signal }: CopyJob, onLine: (line: string) => void): Promise<number> {
        const { on, task } = this;
        await this.ensureCopy();
        const { env = [], securityContext, volumeMounts = [] } = registryContainer(task as DeploymentObject);
        return runScript(
            on,
            task,
            {
                name: "backup-rclone",
                container: {
                    ...{ name: RCLONE, image: on.rcloneImage, env },
                    ...(securityContext && { securityContext }),
                    volumeMounts: [
                        // Among which is the authority of the store.
                        ...volumeMounts.filter(({ mountPath }) => mountPath === CONFIG_FOLDER),
                        { name: COPIED, mountPath: COPY },
                        { name: WORK, mountPath: "/job" },
                        { name: TEMPORARY, mountPath: "/tmp" },
                    ],
                },
                volumes: [
                    { name: COPIED, persistentVolumeClaim: { claimName: copyName(on.name) } },
                    inMemory(WORK),
                    inMemory(TEMPORARY),
                ],
                script,
                files: below("/job", files),
            },
            onLine,
            signal,
        );
    }

    /** A claim as the images would have had, which goes with the Deployment. */
    private async ensureCopy(): Promise<void> {
        const { on, task } = this;
        const { size = "100Gi", storageClass } = on.options?.kubernetes.claim ?? {};
        try {
            await on.cluster.create({
                apiVersion: "v1",
                kind: "PersistentVolumeClaim",
                metadata: { name: copyName(on.name), ...belonging(on, task) },
                spec: {
                    accessModes: ["ReadWriteOnce"],
                    resources: { requests: { storage: size } },
                    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
                },
            } as ClusterObject);
        } catch (error) {
            if (!(error instanceof ClusterRefused) || error.reason !== "AlreadyExists") throw error;
        }
    }

    refused({ target, kubernetes }: Readonly<Record<string, unknown>>): string | undefined {
        // A stack of a Docker host goes to its Engine.
        if (target !== "kubernetes")
            return "The backup's configuration deploys to no cluster: pulumi config rm target, then the same command.";
        const { context, namespace = "default" } = objectOf(kubernetes);
        const here = this.on.access;
        const named = [
            ["namespace", namespace, here.namespace, "pulumi config set --path kubernetes.namespace"],
            ["context", context, here.context, "pulumi config set --path kubernetes.context"],
        ] as const;
        const wrong = named.find(
            ([, theirs, ours]) => theirs !== undefined && ours !== undefined && theirs !== ours,
        );
        if (wrong === undefined) return undefined;
        const [key, theirs, ours, fix] = wrong;
        return `kubernetes.${key} of the backup's configuration is ${String(theirs)}, and here it is ${ours}: ${fix} ${String(theirs)}, then the same command.`;
    }

    // The claim is the provider's to make: an object of another's it would not change later.
    async makePlace(): Promise<boolean> {
        return false;
    }

    // There are no numbers of a deployment on a cluster.
    async ended(): Promise<void> {}
}

/** What stands for a Deployment that is not there. */
async function standIn(name: string): Promise<TaskOwner> {
    const { confinedPod } = await import("../../components/kubernetes/confined");
    const { securityContext } = confinedPod;
    return {
        ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name } },
        spec: { template: { spec: { containers: [], securityContext } } },
    };
}

/** Which cluster a stack that is not known here is for. */
export const namedIn = ({ settings: { kubernetes = {} } }: Stack) => ({
    context: kubernetes.context,
    namespace: kubernetes.namespace ?? "default",
});
