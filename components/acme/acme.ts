import { createHash } from "node:crypto";

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import type { Settled } from "../definition/inputs";
import { type Deployment, detached } from "../deployment/deployment";
import { boundedLog, confined, memoryLimit, service } from "../deployment/hardening";
import { frontName, PLAIN_PORT } from "../front/settings";
import { METRICS_FOLDER } from "../metrics/files";
import { lookups, type OutboundArgs, proxyFiles } from "../outbound/outbound";
import { ConfigVolume, type FileArgs } from "../registry/config-volume";
import type { TlsFiles } from "../registry/registry";
import { ACME_KEYS, type AcmeOptions, challengeOf } from "../tls/acme-options";
import { endsOf } from "../tls/chain";
import { trusted } from "../tls/inspect";

import {
    ACME_FOLDER,
    ACME_HEALTH,
    ACME_SCRIPT,
    type AcmeSettings,
    GIVEN_FOLDER,
    renderCredentials,
    renderSettings,
    seedScript,
    STORE_FOLDER,
} from "./script";

export interface AcmeArgs {
    deployment: Deployment;
    /** ID of the image of lego, sha256:… */
    imageId: pulumi.Input<string>;
    options: Settled<AcmeOptions>;
    /** Names of the certificate, where the options have none. */
    names: pulumi.Input<string[]>;
    /** What the front shows until the certificate is there. */
    until: TlsFiles;
    /** The front's volume of what changes without an `up`. */
    servedVolume: pulumi.Input<string>;
    /** The volume of the numbers. @default none are told */
    metricsVolume?: pulumi.Input<string> | undefined;
    /** Network with the front. */
    networkName: pulumi.Input<string>;
    outbound?: OutboundArgs | undefined;
    onError: pulumi.ErrorHook[];
}

/** None of the system's, in the group whose members read the files. */
const USER = "102:0";
/** Readable for that group. */
const SECRET = "0440";
/** Seconds that the first certificate may take: with dns-01 a zone may take minutes to show a record. */
const PATIENCE = { "http-01": 180, "dns-01": 900 };

/** Names what a certificate is for: another one is asked for where it changes. */
const wantedOf = (settings: Omit<AcmeSettings, "wanted">): string => {
    const { directory, keyType, names } = settings;
    const text = JSON.stringify([directory, keyType, names]);
    return createHash("sha256").update(text).digest("hex").slice(0, 16);
};

/**
 * lego in a container beside the front. It has a directory issue the front's certificate, and renews it without an `up`. It sees the account,
 * the DNS provider's variables and the folder of what is served, and nothing else of the deployment.
 */
export class Acme extends pulumi.ComponentResource {
    /** The front's volume, with a certificate in it. */
    readonly servedVolume: pulumi.Output<string>;
    /** The front must depend on this. */
    readonly writer: docker.Container;
    private readonly config: ConfigVolume;
    private readonly storeVolume: pulumi.Output<string>;
    private readonly containerName: string;

    constructor(
        private readonly name: string,
        private readonly args: AcmeArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        super("private-registry:index:Acme", name, {}, opts);
        const { deployment } = args;
        this.containerName = `${deployment.prefix}-acme`;
        const volumeName = `${this.containerName}-store`;
        this.storeVolume = new docker.Volume(
            `${name}-store`,
            { name: volumeName, labels: deployment.volume(volumeName) },
            // A new one would be a new account, and new certificates, of which a directory issues a few a week.
            { parent: this, ignoreChanges: ["labels"] },
        ).name;
        this.config = new ConfigVolume(
            `${name}-config`,
            {
                volumeName: `${this.containerName}-config`,
                deployment,
                imageId: args.imageId,
                folder: ACME_FOLDER,
                files: this.files(),
                volumes: this.volumes(),
                check: seedScript("/staged/until.pem", "/staged/until.json"),
                onError: args.onError,
            },
            { parent: this },
        );
        this.writer = this.config.writer;
        this.servedVolume = pulumi
            .all([args.servedVolume, pulumi.runtime.isDryRun() ? true : detached(this.config.written)])
            .apply(([volume]) => volume);
        this.registerOutputs({});
    }

    /**
     * Starts it, once the front answers the directory.
     *
     * @returns its ID; resolves when the front shows the directory's certificate, fails with what keeps the directory from issuing it
     */
    start(front: pulumi.Resource): pulumi.Output<string> {
        const { name, args, containerName } = this;
        const { deployment, options } = args;
        const seconds = PATIENCE[challengeOf(options)];
        return new docker.Container(
            `${name}-container`,
            {
                name: containerName,
                image: args.imageId,
                labels: [
                    ...deployment.container(containerName),
                    { label: "private-registry.config", value: this.digest() },
                ],
                entrypoints: ["/bin/sh", `${ACME_FOLDER}/run.sh`],
                command: [],
                user: USER,
                volumes: [
                    { volumeName: this.config.volumeName, containerPath: ACME_FOLDER, readOnly: true },
                    ...this.volumes(),
                    ...(args.metricsVolume === undefined
                        ? []
                        : [{ volumeName: args.metricsVolume, containerPath: METRICS_FOLDER }]),
                ],
                tmpfs: { "/tmp": "uid=102,gid=0,mode=0700,size=16m,noexec" },
                networksAdvanced: [{ name: args.networkName }],
                ...lookups(args.outbound),
                readOnly: true,
                healthcheck: {
                    tests: ["CMD", "/bin/sh", `${ACME_FOLDER}/health.sh`],
                    interval: "500ms",
                    timeout: `${seconds}s`,
                    startPeriod: "0s",
                    // The check waits until the first attempt has ended: its verdict is final.
                    retries: 1,
                },
                wait: true,
                waitTimeout: seconds,
                ...confined,
                ...boundedLog,
                ...service,
                ...memoryLimit(128),
            },
            {
                parent: this,
                hooks: { onError: args.onError },
                dependsOn: [this.config.writer, front],
                replaceOnChanges: ["#initerror", "healthcheck", "tmpfs"],
                deleteBeforeReplace: true,
            },
        ).id;
    }

    private volumes(): docker.types.input.ContainerVolume[] {
        return [
            { volumeName: this.storeVolume, containerPath: STORE_FOLDER },
            { volumeName: this.args.servedVolume, containerPath: GIVEN_FOLDER },
        ];
    }

    private settings(): pulumi.Output<AcmeSettings> {
        const { options, names, deployment } = this.args;
        const { dns } = options;
        const challenge = challengeOf(options);
        return pulumi.output({ options: { ...options, dns: undefined }, dns, names }).apply((all) => {
            const { email, directory, keyAlgorithm, renewBeforeDays, names: own } = all.options;
            const settings = {
                ...{ email, directory, challenge, renewBeforeDays },
                keyType: ACME_KEYS[keyAlgorithm],
                names: [...new Set(own.length > 0 ? own : all.names)],
                provider: all.dns?.provider ?? "",
                resolvers: all.dns?.resolvers ?? [],
                checkPropagation: all.dns?.checkPropagation ?? true,
                front: challenge === "http-01" ? `${frontName(deployment.prefix)}:${PLAIN_PORT}` : "",
            };
            return { ...settings, wanted: wantedOf(settings) };
        }) as pulumi.Output<AcmeSettings>;
    }

    private files(): Record<string, FileArgs> {
        const { options, until, outbound } = this.args;
        const { dns, directoryCa } = options;
        return {
            "run.sh": { content: ACME_SCRIPT },
            "health.sh": { content: ACME_HEALTH },
            settings: { content: this.settings().apply(renderSettings), mode: SECRET },
            "until.pem": {
                content: pulumi.interpolate`${until.chainPem}${until.privateKeyPem}`,
                mode: SECRET,
            },
            "until.json": {
                content: pulumi
                    .output(until.chainPem)
                    .apply((pem) => `${JSON.stringify({ ends: endsOf(pem) ?? 0, life: 0 })}\n`),
            },
            ...(dns === undefined
                ? {}
                : {
                      credentials: {
                          content: pulumi.secret(pulumi.output(dns.credentials).apply(renderCredentials)),
                          mode: SECRET,
                      },
                  }),
            ...(directoryCa === undefined
                ? {}
                : { "directory-ca.pem": { content: pulumi.output(directoryCa).apply(trusted) } }),
            ...Object.fromEntries(
                Object.entries(proxyFiles(outbound?.proxy)).map(([file, { content }]) => [
                    file,
                    { content, mode: SECRET },
                ]),
            ),
        };
    }

    /** SHA-256 of what it reads when it starts. There is a private key among it, so it gives nothing away. */
    private digest(): pulumi.Output<string> {
        const texts = pulumi.all(Object.values(this.files()).map(({ content }) => content));
        const digest = pulumi.unsecret(
            texts.apply((parts) => createHash("sha256").update(JSON.stringify(parts)).digest("hex")),
        );
        // As the registry's (registry/registry.ts).
        return pulumi.runtime.isDryRun()
            ? digest
            : pulumi.all([digest, detached(this.config.written)]).apply(([text]) => text);
    }
}
