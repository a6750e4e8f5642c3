/** A registry by itself in a container: without TLS, users and a memory of what it has seen. */
import { docker } from "./docker";
import { RegistryClient } from "./http";
import { REGISTRY_IMAGE } from "./images";
import { until } from "./run";
import { freePort } from "./stack";

interface BareOptions {
    /** @default the image that the kit runs */
    image?: string;
    /** Volume with its files. @default one of its own */
    volume?: string;
    /** Headers of its answers. @default none */
    headers?: Record<string, string[]>;
}

export class BareRegistry {
    private constructor(
        readonly name: string,
        /** Port of 127.0.0.1. */
        readonly port: number,
    ) {}

    /** Starts one and waits until it answers. @param name of its container */
    static async start(
        name: string,
        { image = REGISTRY_IMAGE, volume, headers = {} }: BareOptions = {},
    ): Promise<BareRegistry> {
        const registry = new BareRegistry(name, await freePort());
        const config = [
            "version: 0.1",
            "storage: { filesystem: { rootdirectory: /var/lib/registry }, delete: { enabled: true } }",
            `http: { addr: ":5000", relativeurls: true, headers: ${JSON.stringify(headers)} }`,
        ].join("\n");
        const client = new RegistryClient(registry.port);
        try {
            await docker(
                ...["run", "--detach", "--name", name, "--publish", `127.0.0.1:${registry.port}:5000`],
                ...(volume === undefined ? [] : ["--volume", `${volume}:/var/lib/registry`]),
                ...["--env", `CONFIG=${config}`, "--env", "OTEL_TRACES_EXPORTER=none"],
                ...["--entrypoint", "/bin/sh", image],
                ...["-c", 'echo "$CONFIG" >/tmp/config.yml; exec /bin/registry serve /tmp/config.yml'],
            );
            await until("the registry itself answers", () =>
                client.ask("/v2/", { login: "" }).then(
                    ({ status }) => status === 200 || undefined,
                    () => undefined,
                ),
            );
        } catch (error) {
            await registry.dispose();
            throw error;
        } finally {
            client.close();
        }
        return registry;
    }

    async dispose(): Promise<void> {
        await docker("rm", "--force", "--volumes", this.name);
    }
}
