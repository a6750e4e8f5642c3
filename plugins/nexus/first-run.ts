/** The password that Nexus makes up at its first start, read and written through the Engine: on no screen, in no log. */
import { connect, type Engine } from "../../engine/client";
import type { EngineConfig } from "../../engine/endpoint";
import { isNotFound } from "../../engine/errors";
import { readTar, tar } from "../../engine/tar";

const FOLDER = "/nexus-data";
const FILE = "admin.password";
/** Nexus runs as this user and group in its image. */
const OWNER = 200;

/** The file in one container's /nexus-data. */
export class FirstRunPassword {
    private engine: Promise<Engine> | undefined;

    /** @param config the Engine, as the docker provider has it; nothing where it is not known: then none is asked */
    constructor(
        readonly container: string,
        private readonly config: EngineConfig | undefined,
    ) {}

    /** @throws Error where the Engine is not known: another one may have a container of that name */
    private connection(): Promise<Engine> {
        if (this.config === undefined)
            return Promise.reject(
                new Error(
                    `The password of Nexus's first start lies in the container ${this.container}, and the program cannot tell on which ` +
                        "Docker Engine: give its docker provider `certPath`, a folder, in place of `caMaterial`, `certMaterial` and " +
                        "`keyMaterial`, and a host that is known before `up`.",
                ),
            );
        this.engine ??= connect(this.config);
        return this.engine;
    }

    /** Nothing where there is no such file, or no such container. */
    async read(): Promise<string | undefined> {
        const container = (await this.connection()).getContainer(this.container);
        try {
            const archive = await container.getArchive({ path: `${FOLDER}/${FILE}` });
            const files = await readTar(archive, (path) => path === FILE);
            return files.get(FILE)?.toString("utf8").trim() || undefined;
        } catch (error) {
            if (isNotFound(error)) return undefined;
            throw error;
        }
    }

    /** Leaves a password as the first start leaves one, for the deployment that finds the volume. */
    async write(password: string): Promise<void> {
        const container = (await this.connection()).getContainer(this.container);
        const archive = await tar(
            [{ path: FILE, mode: 0o600, content: Buffer.from(password), owner: OWNER }],
            new Date(),
        );
        try {
            await container.putArchive(archive, { path: FOLDER });
        } catch (error) {
            // Without its container there is no volume to keep either.
            if (!isNotFound(error)) throw error;
        }
    }
}
