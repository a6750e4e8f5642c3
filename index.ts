/** What `pulumi up` runs: the stack's configuration in, a registry out. */
import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "./components";
import { leftOut } from "./components/without-docker";
import { argumentsOf } from "./config/arguments";
import { keysOf } from "./config/keys";
import { load } from "./config/load";
import { warnOfVanished } from "./config/vanished";

const config = load();
void warnOfVanished(config);
const registry = new PrivateRegistry("registry", argumentsOf(config, process.env));
const keys = keysOf(config);
const { endpoint, caCertificatePem, passwords, loginCommand, clientSetup, mirrors, nexus } = registry;

export = {
    /** By what the Engine's objects are known as this stack's. */
    identity: registry.identity,
    endpoint,
    caCertificatePem,
    passwords,
    /** For the commands that act as a user: who may do what. Secret, as their names in the configuration are. */
    users: pulumi.secret(
        Object.fromEntries(
            Object.entries(config.users).map(([name, { role, repositories }]) => [
                name,
                { ...(role && { role }), ...(repositories && { repositories }) },
            ]),
        ),
    ),
    loginCommand,
    clientSetup,
    /** For `npm run export`: the host's files as data, and what of the configuration they cannot have. */
    hostExport: pulumi.secret({ ...leftOut(config), host: registry.host }),
    mirrors,
    /** For `npm run backup`. */
    ...(config.backup && { backup: registry.backup }),
    /** For `npm run rotate`: there once something was. */
    ...(keys && { keys }),
    // Pulumi warns of an output that is undefined.
    ...(nexus && { nexusUrl: nexus.url, nexusAdminPassword: nexus.adminPassword }),
};
