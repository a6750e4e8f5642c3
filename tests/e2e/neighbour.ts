/** A registry that a user runs beside the kit's, by hand; nothing that the kit does may touch it. */
import { randomBytes } from "node:crypto";

import { REGISTRY_IMAGE } from "./images";

import { docker, inspect } from "./docker";
import { RegistryClient } from "./http";
import { until } from "./run";
import { freePort } from "./stack";

export class Neighbour {
    private readonly name = `e2e-neighbour-${randomBytes(3).toString("hex")}`;
    private before = "";
    private digest = "";
    private client: RegistryClient | undefined;

    async start(): Promise<void> {
        const port = await freePort();
        await docker(
            ...["run", "--detach", "--name", this.name, "--publish", `127.0.0.1:${port}:5000`],
            ...["--volume", `${this.name}:/var/lib/registry`, REGISTRY_IMAGE],
        );
        const client = (this.client = new RegistryClient(port));
        await until("the neighbour answers", () =>
            client.ask("/v2/").then(
                () => true,
                () => undefined,
            ),
        );
        this.digest = (await client.upload("theirs")).digest;
        this.before = await this.look();
    }

    private async look(): Promise<string> {
        const { Id, State, RestartCount } = await inspect(this.name);
        const blob = await this.client?.ask(`/v2/theirs/blobs/${this.digest}`, { method: "HEAD" });
        return JSON.stringify({ Id, State, RestartCount, blob: blob?.status });
    }

    /** Removes it. @throws Error where it is not the very container that was started, running, with its data */
    async dispose(): Promise<void> {
        try {
            const after = await this.look();
            if (after !== this.before)
                throw new Error(`The neighbour was touched: ${this.before} → ${after}`);
        } finally {
            this.client?.close();
            await docker("rm", "--force", "--volumes", this.name);
            await docker("volume", "rm", "--force", this.name);
        }
    }
}
