/** What `pulumi up` runs: the stack's configuration in, a registry out. */
import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "./components";
import { registryArgs } from "./config/args";
import { load } from "./config/load";

const registry = new PrivateRegistry(
    "registry",
    registryArgs(load(), pulumi.getProject(), pulumi.getStack()),
);

export const endpoint = registry.endpoint;
export const caCertificatePem = registry.caCertificatePem;
export const passwords = registry.passwords;
export const loginCommand = registry.loginCommand;
export const clientSetup = registry.clientSetup;
export const nexusUrl = registry.nexus?.url;
export const nexusAdminPassword = registry.nexus?.adminPassword;
