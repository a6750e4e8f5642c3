/**
 * The kit's one client of the Docker Engine API (docs.docker.com/reference/api/engine): for the embedded docker plugin, the
 * commands, the setup, and what no resource of the docker provider can do. docs/adr/0016-engine-client.md
 */
import type { Readable } from "node:stream";

import { type Endpoint, type EngineConfig, resolveEndpoint } from "./endpoint";
import { EngineError, messageOf } from "./errors";
import { callEngine, checkAddress, type EngineAnswer, type EngineRequest, refusal } from "./http";
import type {
    ContainerCreateOptions,
    ContainerInfo,
    ContainerInspectInfo,
    HostConfig,
    ImageInspectInfo,
    NetworkEndpoint,
    NetworkInspectInfo,
    VolumeInspectInfo,
} from "./types";

/** Parameters of a request; lists and objects go as JSON, which is how the API has its filters. */
type Query = Record<string, unknown>;

interface Call extends Pick<EngineRequest, "headers" | "idleMs" | "onData" | "onLine" | "onOpen"> {
    query?: Query;
    /** Bytes are an archive, all else is JSON. */
    body?: Buffer | Readable | object;
}

function withQuery(path: string, query: Query): string {
    const given = Object.entries(query).flatMap(([name, value]) =>
        value === undefined
            ? []
            : [[name, typeof value === "object" ? JSON.stringify(value) : String(value)] as [string, string]],
    );
    return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

const isArchive = (body: object): body is Buffer | Readable => Buffer.isBuffer(body) || "pipe" in body;

/** A Docker Engine. Making one asks it nothing. Every method throws an EngineError where the Engine refuses. */
export class Engine {
    /** @param idleMs fails when this many milliseconds pass without any data. Default: waits as long as it takes */
    constructor(
        readonly endpoint: Endpoint,
        private readonly idleMs = Infinity,
    ) {}

    /** One request. That something is so already (304) is no refusal. */
    async call(
        method: string,
        path: string,
        { query = {}, body, headers, ...call }: Call = {},
    ): Promise<EngineAnswer> {
        const type =
            body === undefined ? undefined : isArchive(body) ? "application/x-tar" : "application/json";
        const answer = await callEngine(this.endpoint, {
            idleMs: this.idleMs,
            ...call,
            method,
            path: withQuery(path, query),
            headers: { ...(type ? { "Content-Type": type } : {}), ...headers },
            ...(body === undefined
                ? {}
                : { body: isArchive(body) ? body : Buffer.from(JSON.stringify(body)) }),
        });
        if (answer.status >= 400) throw new EngineError(answer.status, refusal(answer));
        return answer;
    }

    /** One request whose answer is JSON. */
    async json<T>(method: string, path: string, query: Query = {}, body?: object): Promise<T> {
        const answer = await this.call(method, path, { query, ...(body ? { body } : {}) });
        return JSON.parse(answer.body) as T;
    }

    private async done(method: string, path: string, query: Query = {}, body?: object): Promise<void> {
        await this.call(method, path, { query, ...(body ? { body } : {}) });
    }

    async ping(): Promise<void> {
        await this.done("GET", "/_ping");
    }

    async createContainer({ name, ...body }: ContainerCreateOptions) {
        const { Id } = await this.json<{ Id: string }>("POST", "/containers/create", { name }, body);
        return this.getContainer(Id);
    }

    listContainers(query: { all?: boolean; filters?: Record<string, string[]> } = {}) {
        return this.json<ContainerInfo[]>("GET", "/containers/json", query);
    }

    /** @param id or name, of a container that may not be there */
    getContainer(id: string) {
        const at = `/containers/${encodeURIComponent(id)}`;
        return {
            id,
            inspect: () => this.json<ContainerInspectInfo>("GET", `${at}/json`),
            start: () => this.done("POST", `${at}/start`),
            /** @param query.t seconds from the stop signal to the kill. Default: the container's own */
            stop: (query: { t?: number } = {}) => this.done("POST", `${at}/stop`, query),
            restart: () => this.done("POST", `${at}/restart`),
            /** @param query.v with its volumes that have no name */
            remove: (query: { force?: boolean; v?: boolean } = {}) => this.done("DELETE", at, query),
            rename: (query: { name: string }) => this.done("POST", `${at}/rename`, query),
            update: (limits: Partial<HostConfig>) => this.done("POST", `${at}/update`, {}, limits),
            /** Waits for its end. */
            wait: () => this.json<{ StatusCode: number }>("POST", `${at}/wait`),
            /** @returns frames (frames.ts), or the text itself of a container with a terminal */
            logs: async (query: { stdout?: boolean; stderr?: boolean; tail?: number }) =>
                (await this.call("GET", `${at}/logs`, { query })).bytes,
            /** @param query.path folder into which the archive is unpacked */
            putArchive: async (body: Buffer, query: { path: string }) =>
                void (await this.call("PUT", `${at}/archive`, { query, body })),
            /** @returns a tar archive of a file or a folder */
            getArchive: async (query: { path: string }) =>
                (await this.call("GET", `${at}/archive`, { query })).bytes,
        };
    }

    async createNetwork(body: object) {
        const { Id } = await this.json<{ Id: string }>("POST", "/networks/create", {}, body);
        return this.getNetwork(Id);
    }

    listNetworks(query: { filters?: Record<string, string[]> } = {}) {
        return this.json<NetworkInspectInfo[]>("GET", "/networks", query);
    }

    getNetwork(id: string) {
        const at = `/networks/${encodeURIComponent(id)}`;
        return {
            id,
            inspect: () => this.json<NetworkInspectInfo>("GET", at),
            connect: (body: { Container: string; EndpointConfig?: NetworkEndpoint }) =>
                this.done("POST", `${at}/connect`, {}, body),
            disconnect: (body: { Container: string; Force?: boolean }) =>
                this.done("POST", `${at}/disconnect`, {}, body),
            remove: () => this.done("DELETE", at),
        };
    }

    createVolume(body: object) {
        return this.json<VolumeInspectInfo>("POST", "/volumes/create", {}, body);
    }

    listVolumes(query: { filters?: Record<string, string[]> } = {}) {
        return this.json<{ Volumes?: VolumeInspectInfo[] | null }>("GET", "/volumes", query);
    }

    getVolume(name: string) {
        const at = `/volumes/${encodeURIComponent(name)}`;
        return {
            inspect: () => this.json<VolumeInspectInfo>("GET", at),
            remove: (query: { force?: boolean } = {}) => this.done("DELETE", at, query),
        };
    }

    /** Writes images as `docker save` does. @param onData called with the archive's bytes as they come */
    async saveImages(names: readonly string[], onData: (bytes: Buffer) => void): Promise<void> {
        const query = new URLSearchParams(names.map((name): [string, string] => ["names", name])).toString();
        await this.call("GET", `/images/get?${query}`, { onData });
    }

    /** @param name or ID */
    getImage(name: string) {
        const at = `/images/${encodeURIComponent(name)}`;
        return {
            inspect: () => this.json<ImageInspectInfo>("GET", `${at}/json`),
            tag: (query: { repo: string; tag: string }) => this.done("POST", `${at}/tag`, query),
            remove: (query: { force?: boolean } = {}) => this.done("DELETE", at, query),
        };
    }
}

/** The Engine that is meant, which answers. @throws Error one sentence, where none does */
export const connect = (config: EngineConfig = {}): Promise<Engine> => connectTo(resolveEndpoint(config));

/** The same where the Engine is known. */
export async function connectTo(endpoint: Endpoint): Promise<Engine> {
    checkAddress(endpoint);
    const engine = new Engine(endpoint);
    try {
        await engine.ping();
    } catch (error) {
        throw new Error(
            `Cannot connect to the Docker daemon at ${endpoint.url} (${messageOf(error)}). Is the docker daemon running?`,
        );
    }
    return engine;
}
