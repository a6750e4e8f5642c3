/** A registry that a mirror mirrors: without TLS and users, in a container by itself. */
import { randomBytes } from "node:crypto";

import { REGISTRY_IMAGE } from "./images";

import { docker } from "./docker";
import { RegistryClient } from "./http";
import { until } from "./run";
import { freePort } from "./stack";

export class Upstream {
    /** Name of the container, and its host name on the networks that it joins. */
    readonly name = `e2e-upstream-${randomBytes(3).toString("hex")}`;
    /** As a mirror on such a network reaches it. */
    readonly url = `http://${this.name}:5000`;
    /** As this machine reaches it. */
    address = "";

    /** @param ip of this machine. @default none that others reach */
    async start(ip = "127.0.0.1"): Promise<void> {
        const port = await freePort();
        this.address = `${ip === "127.0.0.1" ? "localhost" : ip}:${port}`;
        await docker(
            ...["run", "--detach", "--name", this.name, "--publish", `${ip}:${port}:5000`],
            ...["--env", "OTEL_TRACES_EXPORTER=none", REGISTRY_IMAGE],
        );
        const client = new RegistryClient(port, undefined, ip);
        await until("the upstream answers", () =>
            client.ask("/v2/").then(
                () => true,
                () => undefined,
            ),
        );
        client.close();
    }

    async dispose(): Promise<void> {
        await docker("rm", "--force", "--volumes", this.name);
    }
}

/** Has a container join a deployment's network for the time of a test. */
export async function join(network: string, container: string, alias: string): Promise<void> {
    await docker("network", "connect", "--alias", alias, network, container);
}

export async function leave(network: string, container: string): Promise<void> {
    await docker("network", "disconnect", "--force", network, container);
}
