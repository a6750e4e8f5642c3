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
    dockerContext?: string;
    dockerCertPath?: string;
    dockerUnknown?: boolean;
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
        // As the docker provider's host, context and certPath.
        dockerHost: { type: "string" },
        dockerContext: { type: "string" },
        dockerCertPath: { type: "string" },
        // The program cannot tell which Engine has the container: then none is asked.
        dockerUnknown: { type: "boolean" },
        timeoutSeconds: { type: "integer", default: TIMEOUT },
    },
    resources: [admin, settings, repository, cleanupPolicy, task],
    configure: (config) => {
        const { url, password, container, timeoutSeconds, ...docker } = config as unknown as Config;
        const engine = {
            host: docker.dockerHost,
            context: docker.dockerContext,
            certPath: docker.dockerCertPath,
        };
        const firstRun = new FirstRunPassword(container, docker.dockerUnknown ? undefined : engine);
        return new Nexus({ url: url.replace(/\/+$/, ""), password, timeout: timeoutSeconds, firstRun });
    },
};
