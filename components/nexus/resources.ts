/** The resources of the kit's own provider plugin (plugins/nexus). */
import * as pulumi from "@pulumi/pulumi";

import type { EngineConfig } from "../../engine/endpoint";

const PACKAGE = "private-registry-nexus";

export interface NexusProviderArgs {
    /** Where this machine reaches Nexus, `http://127.0.0.1:8081`. */
    url: pulumi.Input<string>;
    /** Password of the user admin that is to be in force. */
    password: pulumi.Input<string>;
    /** Container in which the password of the first start lies. */
    container: pulumi.Input<string>;
    /** Engine of that container; nothing where the program cannot tell it. `{}`: what the environment names. */
    engine: pulumi.Output<EngineConfig | undefined>;
}

/** How the plugin reaches one Nexus. */
export class NexusProvider extends pulumi.ProviderResource {
    constructor(name: string, args: NexusProviderArgs, opts?: pulumi.ResourceOptions) {
        const { password, engine, ...rest } = args;
        const docker = {
            dockerHost: engine.apply((given) => given?.host),
            dockerContext: engine.apply((given) => given?.context),
            dockerCertPath: engine.apply((given) => given?.certPath),
            dockerUnknown: engine.apply((given) => (given === undefined ? "true" : undefined)),
        };
        super(PACKAGE, name, { ...rest, ...docker, password: pulumi.secret(password) }, opts);
    }
}

const token = (type: string) => `${PACKAGE}:index:${type}`;

/** The password of the user admin: that of the first start becomes this one. */
export class NexusAdmin extends pulumi.CustomResource {
    constructor(
        name: string,
        args: {
            password: pulumi.Input<string>;
            /** It is in no configuration: `destroy` leaves it on the volume. */
            generated: boolean;
        },
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(token("Admin"), name, { ...args, password: pulumi.secret(args.password) }, opts);
    }
}

/** EULA, anonymous access, and the security realms that must be active. */
export class NexusSettings extends pulumi.CustomResource {
    constructor(
        name: string,
        args: { anonymous: pulumi.Input<boolean>; acceptEula: boolean; realms: string[] },
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(token("Settings"), name, args, opts);
    }
}

/** A repository; an option that means nothing for its format or type is refused. */
export interface NexusRepositoryArgs {
    name: string;
    format: "docker" | "maven2" | "yum" | "pypi";
    type: "hosted" | "proxy" | "group";
    /** Hosted: whether what is there may be replaced. @default "ALLOW_ONCE" */
    writePolicy?: pulumi.Input<"ALLOW" | "ALLOW_ONCE" | "DENY"> | undefined;
    /** maven2. @default "MIXED" */
    versionPolicy?: pulumi.Input<"RELEASE" | "SNAPSHOT" | "MIXED"> | undefined;
    /** yum: depth of the folders that have metadata of their own, 0 to 5. @default 0 */
    repodataDepth?: pulumi.Input<number> | undefined;
    /** Proxy: what it caches. */
    remoteUrl?: pulumi.Input<string> | undefined;
    /** Group: names of its repositories, in the order in which they are asked. */
    members?: string[] | undefined;
    /** docker: port of its own inside the container. @default by path, under the port of Nexus */
    httpPort?: number | undefined;
    /** Names of cleanup policies. */
    cleanupPolicies?: string[] | undefined;
    /** It may be deleted with its components. @default false */
    force?: boolean | undefined;
}

export class NexusRepository extends pulumi.CustomResource {
    constructor(name: string, args: NexusRepositoryArgs, opts?: pulumi.CustomResourceOptions) {
        super(token("Repository"), name, { ...args }, opts);
    }
}

/** What Nexus marks as deleted in the repositories that name the policy; both conditions must hold. */
export class NexusCleanupPolicy extends pulumi.CustomResource {
    constructor(
        name: string,
        args: {
            name: string;
            /** Days since the last download. */
            unusedDays?: pulumi.Input<number> | undefined;
            /** Days since the upload. */
            olderThanDays?: pulumi.Input<number> | undefined;
        },
        opts?: pulumi.CustomResourceOptions,
    ) {
        super(token("CleanupPolicy"), name, args, opts);
    }
}

export interface NexusTaskArgs {
    name: string;
    /** `blobstore.compact`, `repository.docker.gc`. */
    type: string;
    /** Quartz cron expression of 6 or 7 fields, UTC. */
    cron: pulumi.Input<string>;
    properties: Record<string, string>;
}

/** A scheduled task. */
export class NexusTask extends pulumi.CustomResource {
    constructor(name: string, args: NexusTaskArgs, opts?: pulumi.CustomResourceOptions) {
        super(token("Task"), name, { ...args }, opts);
    }
}
