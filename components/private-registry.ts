import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { type AccountArgs, Accounts } from "./auth/accounts";
import { type FrontOptions, frontOf, frontSocket } from "./front/options";
import { clientSetup, loginCommand, registryAddress } from "./client/setup";
import { DRAIN_SECONDS } from "./hardening";
import { recover } from "./recovery";
import { type RegistrySettings, renderConfig } from "./registry/config-yml";
import { Registry, type TlsFiles } from "./registry/registry";
import type { KeyAlgorithm } from "./tls/algorithm";
import { CertificateAuthority, type CertificateAuthorityArgs } from "./tls/certificate-authority";
import { trustAnchor } from "./tls/inspect";
import { SiteCertificate } from "./tls/site-certificate";

/** A CA of the deployment's own, or one that the user brings (`ca.given`), signs the site certificate. */
export interface OwnCaTls {
    mode: "own-ca";
    /** @default a CA of its own, ECDSA P-384, 10 years */
    ca?: CertificateAuthorityArgs | undefined;
    /** Further DNS names and IP addresses of the site certificate. @default [] */
    names?: string[] | undefined;
    /** localhost and 127.0.0.1 are valid names too. @default true */
    localNames?: boolean | undefined;
    /** @default "ECDSA-P256" */
    keyAlgorithm?: KeyAlgorithm | undefined;
    /** Days. @default 397 */
    validityDays?: number | undefined;
    /** Days before the end from which an `up` renews. @default 30 */
    earlyRenewalDays?: number | undefined;
}

/** A certificate that the user brings. */
export interface FilesTls {
    mode: "files";
    /** PEM. */
    certPem: pulumi.Input<string>;
    /** PEM. Kept as a secret. */
    privateKeyPem: pulumi.Input<string>;
    /** PEM of the issuers, root last. @default none */
    chainPem?: pulumi.Input<string> | undefined;
}

/** Plain HTTP, for a closed network. */
export interface NoTls {
    mode: "off";
}

/** Settings of config.yml; what the kit decides by itself is left out. */
type Settings = Partial<Omit<RegistrySettings, "tls" | "socket" | "secret" | "realm" | "drainSeconds">>;

export interface PrivateRegistryArgs extends Settings {
    /** Host name or IP address by which clients reach the registry. */
    domain: string;
    /** Start of the name of every Docker object. @default the component's name */
    prefix?: string | undefined;
    /** @default { mode: "own-ca" } */
    tls?: OwnCaTls | FilesTls | NoTls | undefined;
    /** Nothing turns authentication off. */
    users?: AccountArgs[] | undefined;
    /** Cost of the hash of given passwords, 4 to 31. @default 10 */
    bcryptCost?: number | undefined;
    /** Realm of the login. @default "basic-realm" */
    realm?: string | undefined;
    /** @default 443, or 5000 without TLS */
    port?: number | undefined;
    /** @default "0.0.0.0" */
    bindAddress?: string | undefined;
    /** CNCF Distribution 3.1.1 or newer. A local image of that name is used without a pull. */
    image: string;
    /** @default prefix */
    containerName?: string | undefined;
    /** Folder of the Docker host for the images, instead of a volume. */
    dataPath?: string | undefined;
    /** @default `${prefix}-data` */
    dataVolume?: string | undefined;
    /** The data volume outlives the deployment. @default true */
    keepData?: boolean | undefined;
    /** MiB. @default 512 */
    memoryMb?: number | undefined;
    /** @default no limit */
    cpus?: number | undefined;
    /** nginx before the registry; it needs TLS. @default the registry itself takes the port */
    front?: FrontOptions | undefined;
    /** Engine to deploy to, as in DOCKER_HOST. @default what the docker provider finds */
    dockerHost?: string | undefined;
}

/** The registry's certificate, what clients must trust, and more certificates of the same CA where that is ours. */
export interface SiteTls {
    files: TlsFiles;
    caPem: pulumi.Output<string>;
    sign?: (resource: string, names: string[]) => TlsFiles;
}

/** A registry with its CA, certificate, users, configuration, data and container. */
export class PrivateRegistry extends pulumi.ComponentResource {
    /** `https://docker.example.com`; resolves when the registry answers. */
    readonly endpoint: pulumi.Output<string>;
    /** What clients must trust, PEM. Empty without TLS, and where the user's certificate came without its chain. */
    readonly caCertificatePem: pulumi.Output<string>;
    /** User name → password. Secret. */
    readonly passwords: pulumi.Output<Record<string, string>>;
    readonly loginCommand: pulumi.Output<string>;
    /** Client → what to do there. */
    readonly clientSetup: pulumi.Output<Record<string, string>>;

    constructor(name: string, args: PrivateRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:PrivateRegistry", name, {}, opts);
        const parent = { parent: this };
        const engine = this.engine(name, args, opts);
        const prefix = args.prefix ?? name;
        const tls = args.tls ?? { mode: "own-ca" };
        const certificate = this.certificate(name, args.domain, tls);
        const accounts =
            args.users === undefined
                ? undefined
                : new Accounts(
                      `${name}-accounts`,
                      { users: args.users, bcryptCost: args.bcryptCost },
                      parent,
                  );
        const image = new docker.RemoteImage(
            `${name}-image`,
            { name: args.image, keepLocally: true },
            { ...parent, provider: engine },
        );
        // Not RandomBytes: its ID is the value, and an ID stands in clear in state.
        const secret = new random.RandomPassword(
            `${name}-http-secret`,
            { length: 43, special: false },
            parent,
        );
        const port = args.port ?? (tls.mode === "off" ? 5000 : 443);
        const bindAddress = args.bindAddress ?? "0.0.0.0";
        const onError = [new pulumi.ErrorHook(`${name}-recovery`, recover(prefix, args.dockerHost))];
        // Behind a front, the registry has neither port nor TLS nor users.
        const socket = args.front && frontSocket(name, prefix, { ...parent, provider: engine });
        const bare = socket !== undefined;

        const registry = new Registry(
            name,
            {
                prefix,
                containerName: args.containerName,
                imageId: image.imageId,
                configYml: secret.result.apply((text) =>
                    renderConfig({
                        ...this.settings(bare ? { ...args, users: undefined } : args, prefix, text),
                        tls: !bare && tls.mode !== "off",
                        socket: socket?.path,
                    }),
                ),
                htpasswd: bare ? undefined : accounts?.htpasswd,
                tls: bare ? undefined : certificate?.files,
                port: bare ? undefined : port,
                socket,
                bindAddress,
                dataPath: args.dataPath,
                dataVolume: args.dataVolume,
                keepData: args.keepData,
                memoryMb: args.memoryMb,
                cpus: args.cpus,
                onError,
            },
            { ...parent, providers: engine && { docker: engine } },
        );
        const front =
            args.front &&
            socket &&
            certificate &&
            frontOf(
                name,
                args.front,
                {
                    prefix,
                    port,
                    bindAddress,
                    realm: args.realm ?? "basic-realm",
                    users: args.users,
                    htpasswd: accounts?.htpasswd,
                    certificate,
                    engine,
                    socketVolume: socket.volumeName,
                    onError,
                    after: [registry.container],
                },
                parent,
            );

        const scheme = tls.mode === "off" ? "http" : "https";
        const address = registryAddress(args.domain, port, tls.mode !== "off");
        this.endpoint = (front ?? registry).containerId.apply(() => `${scheme}://${address}`);
        this.caCertificatePem = certificate?.caPem ?? pulumi.output("");
        this.passwords = accounts?.passwords ?? pulumi.secret<Record<string, string>>({});
        this.loginCommand = pulumi.output(loginCommand(address, args.users?.[0]?.name));
        this.clientSetup = pulumi.output(
            clientSetup({ address, domain: args.domain, tls: tls.mode !== "off" }),
        );
        this.registerOutputs({
            endpoint: this.endpoint,
            caCertificatePem: this.caCertificatePem,
            passwords: this.passwords,
            loginCommand: this.loginCommand,
            clientSetup: this.clientSetup,
        });
    }

    /** The provider for the Engine that is named; nothing where the program's own is to be used. */
    private engine(
        name: string,
        args: PrivateRegistryArgs,
        opts?: pulumi.ComponentResourceOptions,
    ): docker.Provider | undefined {
        if (args.dockerHost === undefined || opts?.provider || opts?.providers) return undefined;
        return new docker.Provider(`${name}-engine`, { host: args.dockerHost }, { parent: this });
    }

    private certificate(name: string, domain: string, tls: OwnCaTls | FilesTls | NoTls): SiteTls | undefined {
        if (tls.mode === "off") return undefined;
        if (tls.mode === "files") {
            const chain = pulumi.output(tls.chainPem ?? "");
            const privateKeyPem = pulumi.secret(tls.privateKeyPem);
            return {
                files: {
                    chainPem: pulumi.all([tls.certPem, chain]).apply((parts) => parts.join("\n")),
                    privateKeyPem,
                },
                caPem: chain.apply(trustAnchor),
            };
        }
        const ca = new CertificateAuthority(`${name}-ca`, tls.ca ?? {}, { parent: this });
        const sign = (resource: string, names: string[]) =>
            new SiteCertificate(
                resource,
                {
                    caCertPem: ca.certPem,
                    caPrivateKeyPem: ca.privateKeyPem,
                    names,
                    keyAlgorithm: tls.keyAlgorithm,
                    validityDays: tls.validityDays,
                    earlyRenewalDays: tls.earlyRenewalDays,
                },
                { parent: this },
            );
        const local = (tls.localNames ?? true) ? ["localhost", "127.0.0.1"] : [];
        const files = sign(`${name}-site`, [...new Set([domain, ...(tls.names ?? []), ...local])]);
        return { files, caPem: ca.certPem.apply(trustAnchor), sign };
    }

    private settings(
        args: PrivateRegistryArgs,
        prefix: string,
        secret: string,
    ): Omit<RegistrySettings, "tls"> {
        return {
            realm: args.users === undefined ? undefined : (args.realm ?? "basic-realm"),
            externalUrl: args.externalUrl,
            secret,
            deleteEnabled: args.deleteEnabled ?? true,
            logLevel: args.logLevel ?? "info",
            logFormat: args.logFormat ?? "text",
            logFields: args.logFields ?? { service: "registry", environment: prefix },
            accessLog: args.accessLog ?? false,
            headers: args.headers ?? { "X-Content-Type-Options": ["nosniff"] },
            health: args.health ?? { enabled: true, interval: "10s", threshold: 3 },
            drainSeconds: DRAIN_SECONDS,
            extra: args.extra ?? {},
        };
    }
}
