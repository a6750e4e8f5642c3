import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import { Accounts } from "./auth/accounts";
import { loginCommand, registryAddress, registryEndpoint } from "./client/address";
import { clientSetup } from "./client/setup";
import { containersOf } from "./containers";
import { expected, identity } from "./deployment/deployment";
import { DRAIN_SECONDS } from "./hardening";
import type { MirrorAccess } from "./mirror/mirror";
import type { Nexus } from "./nexus/nexus";
import { type PrivateRegistryArgs, type ResolvedArgs, resolved } from "./private-registry-args";
import type { RegistrySettings } from "./registry/config-yml";
import type { RemoteStorage } from "./registry/storage";
import type { HostMaterial } from "./systemd/material";
import { siteTls } from "./tls/site-tls";
import { warnings } from "./warnings";

/** A registry with its CA, certificate, users, configuration, data and containers. */
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
    /** What is written on every Docker object of the deployment, and on a host where its export is installed. */
    readonly identity: pulumi.Output<string>;

    constructor(name: string, given: PrivateRegistryArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:PrivateRegistry", name, {}, opts);
        const args = resolved(given);
        const parent = { parent: this };
        const prefix = args.prefix ?? name;
        const tls = args.tls ?? { mode: "own-ca" };
        const encrypted = tls.mode !== "off";
        const certificate = siteTls(name, args.domain, tls, parent);
        const { users, bcryptCost } = args;
        const evenCost = args.front !== undefined;
        const accounts = users && new Accounts(`${name}-accounts`, { users, bcryptCost, evenCost }, parent);
        // Not RandomBytes: its ID is the value, and an ID stands in clear in state.
        const secret = new random.RandomPassword(
            `${name}-http-secret`,
            { length: 43, special: false },
            parent,
        );
        const port = args.port ?? (encrypted ? 443 : 5000);
        const bindAddress = args.bindAddress ?? "0.0.0.0";
        const settings = pulumi
            .all([secret.result, pulumi.output(args.storage)])
            .apply(([text, storage]) => settingsOf(args, prefix, encrypted, text, storage));
        const address = registryAddress(args.domain, port, encrypted);
        const url = registryEndpoint(args.domain, port, encrypted);
        for (const warning of warnings(encrypted, users !== undefined)) void pulumi.log.warn(warning, this);

        const containers =
            args.target === "systemd"
                ? undefined
                : containersOf(
                      name,
                      args,
                      {
                          prefix,
                          httpSecret: secret.result,
                          settings,
                          endpoint: url,
                          port,
                          bindAddress,
                          htpasswd: accounts?.htpasswd,
                          certificate,
                          ownCa:
                              tls.mode === "own-ca" || (tls.mode === "files" && tls.chainPem !== undefined),
                      },
                      parent,
                  );

        this.endpoint = containers?.answering.apply(() => url) ?? pulumi.output(url);
        this.caCertificatePem = certificate?.caPem ?? pulumi.output("");
        this.passwords = accounts?.passwords ?? pulumi.secret<Record<string, string>>({});
        this.loginCommand = pulumi.output(loginCommand(address, users?.[0]?.name));
        const setup = clientSetup({ address, domain: args.domain, tls: encrypted });
        this.clientSetup = pulumi
            .output(containers?.oneLines ?? {})
            .apply((oneLines) => ({ ...setup, ...oneLines }));
        // Where the deployment is refused.
        expected(this.endpoint);
        expected(this.clientSetup);
        this.mirrors = containers?.mirrors ?? pulumi.output<Record<string, MirrorAccess>>({});
        this.nexus = containers?.nexus;
        this.identity = containers?.deployment.identity ?? identity(name, this);
        this.host = pulumi.secret(
            pulumi
                .all([settings, accounts?.htpasswd, certificate?.files, this.caCertificatePem, this.identity])
                .apply(([all, htpasswd, files, caPem, hex]): HostMaterial => ({
                    name: prefix,
                    identity: hex,
                    stack: `${pulumi.getProject()}/${pulumi.getStack()}`,
                    settings: all,
                    port,
                    bindAddress,
                    memoryMb: args.memoryMb ?? 512,
                    cpus: args.cpus,
                    dataPath: args.dataPath,
                    htpasswd,
                    tls: files && { chainPem: files.chainPem, privateKeyPem: files.privateKeyPem },
                    caPem,
                })),
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

function settingsOf(
    args: ResolvedArgs,
    prefix: string,
    tls: boolean,
    secret: string,
    storage: RemoteStorage | undefined,
): RegistrySettings {
    return {
        tls,
        realm: args.users === undefined ? undefined : (args.realm ?? "basic-realm"),
        externalUrl: args.externalUrl,
        secret,
        storage,
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
