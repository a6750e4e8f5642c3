/** What `pulumi up` runs: the stack's configuration in, a registry out. */
import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "./components";
import { registryArgs } from "./config/args";
import { load } from "./config/load";
import { stackKey } from "./config/stack-key";
import { leftOut } from "./config/systemd";

const config = load();
const registry = new PrivateRegistry(
    "registry",
    registryArgs(config, pulumi.getProject(), pulumi.getStack(), stackKey()),
);

/** By what the Engine's objects are known as this stack's. */
export const identity = registry.identity;
export const endpoint = registry.endpoint;
export const caCertificatePem = registry.caCertificatePem;
export const passwords = registry.passwords;
export const loginCommand = registry.loginCommand;
export const clientSetup = registry.clientSetup;
/** For `npm run export`: the host's files as data, and what of the configuration they cannot have. */
export const hostExport = pulumi.secret({ ...leftOut(config), host: registry.host });
export const mirrors = registry.mirrors;
export const nexusUrl = registry.nexus?.url;
export const nexusAdminPassword = registry.nexus?.adminPassword;
