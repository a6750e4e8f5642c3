/** Registries on the Engine of a provider of the program's own, handed down to the component and to the one that it is part of. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "../../../../components";

const config = new pulumi.Config();
const engine = new docker.Provider("engine", { host: config.require("engine") });

const prefix = `${pulumi.getProject()}-${pulumi.getStack()}`;
const args = {
    domain: config.require("domain"),
    bindAddress: config.require("bindAddress"),
    image: config.require("registryImage"),
    users: { admin: { password: config.requireSecret("password") } },
    keepData: false,
};

class Team extends pulumi.ComponentResource {
    readonly registry: PrivateRegistry;

    constructor(name: string, opts: pulumi.ComponentResourceOptions) {
        super("e2e:index:Team", name, {}, opts);
        this.registry = new PrivateRegistry(
            name,
            { ...args, prefix: `${prefix}-team`, port: config.requireNumber("teamPort"), front: false },
            { parent: this },
        );
    }
}

const registry = new PrivateRegistry(
    "registry",
    {
        ...args,
        prefix,
        port: config.requireNumber("port"),
        front: { image: config.require("frontImage") },
        cpus: config.getNumber("cpus"),
    },
    { provider: engine },
);
const team = new Team("team", { providers: [engine] });

export const caCertificatePem = registry.caCertificatePem;
export const teamCaCertificatePem = team.registry.caCertificatePem;
