/** A provider of the kit's own for what it sets up in Nexus: there is no official one. */
import { version } from "../../package.json";

import type { Package } from "../framework/resource";

import { admin } from "./admin";
import { cleanupPolicy } from "./cleanup-policy";
import { Nexus } from "./client";
import { FirstRunPassword } from "./first-run";
import { repository } from "./repository";
import { settings } from "./settings";
import { task } from "./task";

interface Config {
    url: string;
    password: string;
    container: string;
    dockerHost?: string;
    timeoutSeconds: number;
}

/** Seconds. A first start on a small machine takes three minutes. */
const TIMEOUT = 600;

export const nexus: Package<Nexus> = {
    // Not "nexus", which is the name of a plugin of others.
    name: "private-registry-nexus",
    version,
    config: {
        url: { type: "string", required: true },
        password: { type: "string", required: true },
        container: { type: "string", required: true },
        dockerHost: { type: "string" },
        timeoutSeconds: { type: "integer", default: TIMEOUT },
    },
    resources: [admin, settings, repository, cleanupPolicy, task],
    configure: (config) => {
        const { url, password, container, dockerHost, timeoutSeconds } = config as unknown as Config;
        const firstRun = new FirstRunPassword(container, dockerHost);
        return new Nexus({ url: url.replace(/\/+$/, ""), password, timeout: timeoutSeconds, firstRun });
    },
};
