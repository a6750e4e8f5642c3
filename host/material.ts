/** What a host without Docker needs of a stack, as plain data. */
import { isIPv6 } from "node:net";

import { isTree } from "../components/definition/tree";
import { configText, configTree, type RegistrySettings } from "../components/registry/config-yml";

import type { Layout, RegistryVersion } from "./layouts";
import { forRegistry2 } from "./registry-2";

export interface HostMaterial {
    /** The stack, for descriptions: PROJECT-STACK. */
    name: string;
    /** The deployment's, random and kept in its state: by it a host knows whose export is installed. */
    identity: string;
    /** PROJECT/STACK, for people. */
    stack: string;
    settings: RegistrySettings;
    port: number;
    bindAddress: string;
    /** MiB. */
    memoryMb: number;
    /** Nothing sets no limit. */
    cpus?: number | undefined;
    /** Folder of the images; nothing takes the package's own. */
    dataPath?: string | undefined;
    /** The htpasswd file; nothing where there are no users. */
    htpasswd?: string | undefined;
    /** PEM; nothing for plain HTTP. */
    tls?: { chainPem: string; privateKeyPem: string } | undefined;
    /** What clients must trust, PEM; empty where they need nothing. */
    caPem: string;
}

/** Port of metrics where the stack asks for them. */
const DEBUG_PORT = 5001;

/** Folders that the service does not see, or sees a private copy of. */
const HIDDEN = /^\/(home|root|run|tmp|var\/tmp|dev|proc|sys)(\/|$)/;

/** What is wrong with the folder of the images, as the end of a sentence; nothing where it is right. */
export function dataPathProblem(path: string): string | undefined {
    if (HIDDEN.test(path))
        return "lies where the confined service sees nothing: use a folder such as /srv/registry";
    // Unit files and shells read quotes, backslashes, % and $ in their own ways.
    if (!/^\/[\p{L}\p{N}/._@+ -]+$/u.test(path) || /\/\.\.(\/|$)/.test(path))
        return "has characters other than letters, digits, space and / . _ @ + -";
    return undefined;
}

export const dataFolder = (host: HostMaterial, layout: Layout): string =>
    host.dataPath ?? `/var/lib/${layout.stateFolder}`;

/**
 * The text of config.yml on a host.
 *
 * @throws Error with the options that the release does not read
 */
export function hostConfig(host: HostMaterial, layout: Layout, version: RegistryVersion): string {
    const { http } = host.settings.extra;
    const tree = configTree(host.settings, {
        configFolder: layout.configFolder,
        dataFolder: dataFolder(host, layout),
        addr: `${isIPv6(host.bindAddress) ? `[${host.bindAddress}]` : host.bindAddress}:${host.port}`,
        // Without a container around it every user of the host could ask this port.
        debugAddr: isTree(http) && http.debug !== undefined ? `127.0.0.1:${DEBUG_PORT}` : undefined,
    });
    return configText(version === "2.8" ? forRegistry2(tree) : tree);
}
