import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { PrivateRegistryArgs } from "./args";
import { mostAble } from "./auth/able";
import { Accounts } from "./auth/accounts";
import { loginCommand, registryAddress, registryEndpoint } from "../address/address";
import type { BackupOptions } from "./backup/options";
import { clientSetup } from "../clients/setup";
import { containersOf } from "./containers";
import { generationName } from "./definition/generation";
import { refuse, type Settled, settle } from "./definition/inputs";
import { mended } from "./definition/mend";
import { problem, remove, set } from "./definition/problem";
import { expected, identity } from "./deployment/deployment";
import { chosenFront } from "./front/options";
import { DRAIN_SECONDS } from "./deployment/hardening";
import { onCluster } from "./kubernetes/cluster";
import type { MirrorAccess } from "./mirror/mirror";
import type { Nexus } from "./nexus/nexus";
import { DEFINITION, type Options } from "./options";
import type { RegistrySettings } from "./registry/config-yml";
import { settingsOptions } from "./registry/options";
import { remoteStorage } from "./storage/remote";
import type { HostMaterial } from "../host/material";
import { siteTls } from "./tls/site-tls";
import { warnings } from "./warnings";

/**
 * A registry with its CA, certificate, users, configuration, data and containers.
 *
 * @example
 * const registry = new PrivateRegistry("registry", { domain: "docker.example.com", users: { admin: { generate: true } } });
 * export const { endpoint } = registry;
 */
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
    /** What a host without Docker needs to run this registry (components/systemd). Secret. */
    readonly host: pulumi.Output<pulumi.Unwrap<HostMaterial>>;
    /** Name of a mirror → its endpoint and the clients' files that use it. */
    readonly mirrors: pulumi.Output<Record<string, MirrorAccess>>;
    /** Nexus, where there is one. */
    readonly nexus: Nexus | undefined;
    /** What `npm run backup` reads; nothing where `backup` is not set. Secret. */
    readonly backup: pulumi.Output<BackupOptions | undefined>;
    /** What is written on every Docker object of the deployment, and on a host where its export is installed. */
    readonly identity: pulumi.Output<string>;

    /** @throws pulumi.RunError with everything that is wrong with the options, before a resource is registered */
    constructor(name: string, args: PrivateRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:PrivateRegistry", name, {}, opts);
        const { options, right } = settle(DEFINITION, args);
        // A provider for another package says nothing of the Engine.
        if (options.dockerHost !== undefined && this.getProvider("docker:index/container:Container"))
            refuse([
                problem(
                    ["dockerHost"],
                    "is set, and a docker provider is handed down, which names an Engine too",
                    remove(["dockerHost"]),
                ),
            ]);
        const parent = { parent: this };
        const { domain, bindAddress, bcryptCost, tls } = options;
        const prefix = options.prefix ?? name;
        const encrypted = !tls.off;
        const port = options.port ?? (encrypted ? 443 : 5000);
        const front = chosenFront(options);
        const users = options.auth ? options.users : undefined;
        const certificate = siteTls(name, options, tls, parent);
        const accounts =
            users &&
            new Accounts(`${name}-accounts`, { users, bcryptCost, evenCost: front !== undefined }, parent);
        // Not RandomBytes: its ID is the value, and an ID stands in clear in state.
        const secret = new random.RandomPassword(
            generationName(`${name}-http-secret`, options.httpSecretGeneration),
            { length: 43, special: false },
            parent,
        );
        const settings = settingsOf(options, prefix, secret.result);
        const address = pulumi
            .all([domain, port])
            .apply(([host, at]) => registryAddress(host, at, encrypted));
        const url = pulumi.all([domain, port]).apply(([host, at]) => registryEndpoint(host, at, encrypted));
        for (const warning of warnings(encrypted, users !== undefined)) void pulumi.log.warn(warning, this);

        const own = options.target === "docker" ? undefined : identity(name, this);
        const containers =
            own === undefined
                ? containersOf(
                      name,
                      options,
                      {
                          prefix,
                          right,
                          front,
                          httpSecret: secret.result,
                          settings,
                          endpoint: url,
                          port,
                          htpasswd: accounts?.htpasswd,
                          previous: accounts?.previous,
                          certificate,
                          ownCa: encrypted && hasAuthority(tls),
                      },
                      parent,
                  )
                : undefined;
        const pods =
            own && options.target === "kubernetes" && front && (certificate ?? tls.secret) !== undefined
                ? onCluster(
                      name,
                      options,
                      {
                          prefix,
                          identity: own,
                          front,
                          settings,
                          endpoint: url,
                          address,
                          port,
                          accounts,
                          certificate,
                      },
                      this,
                  )
                : undefined;
        const running = containers ?? pods;

        this.endpoint = running ? pulumi.all([url, running.answering]).apply(([of]) => of) : url;
        this.caCertificatePem = pods?.caPem ?? certificate?.caPem ?? pulumi.output("");
        this.passwords = accounts?.passwords ?? pulumi.secret<Record<string, string>>({});
        this.loginCommand = loginOf(address, users);
        this.clientSetup = pulumi
            .all([address, domain, running?.oneLines ?? {}])
            .apply(([of, host, oneLines]) => ({
                ...clientSetup({
                    ...{ address: of, domain: host, tls: encrypted },
                    // Of tls.files without a chain nobody knows who trusts them.
                    trusted: tls.acme !== undefined && !hasAuthority(tls),
                }),
                ...oneLines,
            }));
        // Where the deployment is refused.
        expected(this.endpoint);
        expected(this.clientSetup);
        this.mirrors = running?.mirrors ?? pulumi.output<Record<string, MirrorAccess>>({});
        this.nexus = containers?.nexus;
        this.identity = own ?? containers?.identity ?? pulumi.output("");
        this.backup = pulumi.secret(pulumi.output(options.backup)) as pulumi.Output<
            BackupOptions | undefined
        >;
        this.host = pulumi.secret(
            pulumi
                .output({
                    name: prefix,
                    identity: this.identity,
                    stack: `${pulumi.getProject()}/${pulumi.getStack()}`,
                    settings,
                    port,
                    bindAddress,
                    memoryMb: options.memoryMb,
                    cpus: options.cpus,
                    dataPath: options.storage.folder as string | undefined,
                    htpasswd: accounts?.htpasswd,
                    tls: certificate && {
                        chainPem: certificate.files.chainPem,
                        privateKeyPem: certificate.files.privateKeyPem,
                    },
                    caPem: this.caCertificatePem,
                })
                .apply((material): HostMaterial => material),
        );
        // Without `host`: it would stand in the state twice.
        this.registerOutputs({
            endpoint: this.endpoint,
            caCertificatePem: this.caCertificatePem,
            passwords: this.passwords,
            loginCommand: this.loginCommand,
            clientSetup: this.clientSetup,
            mirrors: this.mirrors,
        });
    }
}

/** The login of the user who may do the most. */
function loginOf(
    address: pulumi.Output<string>,
    users: Settled<Options>["users"] | undefined,
): pulumi.Output<string> {
    const rights = Object.entries(users ?? {}).map(([name, { role, repositories }]) =>
        pulumi
            .all([role, repositories])
            .apply(([role, repositories]) => [name, { role, repositories }] as const),
    );
    return pulumi.all([address, pulumi.all(rights)]).apply(([of, all]) => {
        const why =
            users === undefined
                ? "authentication is off"
                : `no user may pull; to have one: ${mended(set(["users", "admin", "generate"], true))}`;
        return loginCommand(of, mostAble(Object.fromEntries(all)), why);
    });
}

/** Whether clients have to be given an authority to trust the certificate. */
function hasAuthority({ files, acme }: Settled<Options>["tls"]): boolean {
    return files ? files.chain !== undefined : !acme || acme.trust !== undefined;
}

/** What config.yml is rendered from, of the registry as it would be without a front. */
function settingsOf(
    options: Settled<Options>,
    prefix: string,
    secret: pulumi.Output<string>,
): pulumi.Output<RegistrySettings> {
    const { auth, realm, externalUrl } = options;
    const own = Object.fromEntries(
        Object.keys(settingsOptions).map((key) => [key, options[key as keyof typeof settingsOptions]]),
    ) as Settled<Pick<Options, keyof typeof settingsOptions>>;
    return pulumi
        .output({ ...own, realm, externalUrl, secret, storage: remoteStorage(options.storage) })
        .apply(({ registryConfig: extra, ...of }) => ({
            ...of,
            extra,
            tls: !options.tls.off,
            realm: auth ? of.realm : undefined,
            logFields:
                Object.keys(of.logFields).length > 0
                    ? of.logFields
                    : { service: "registry", environment: prefix },
            drainSeconds: DRAIN_SECONDS,
        })) as pulumi.Output<RegistrySettings>;
}
