/** A registry in a file of Docker Compose (docs.docker.com/reference/compose-file). */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, posix, resolve } from "node:path";

import { parse } from "yaml";

import type { Engine } from "../../engine/client";
import { SetupError, messageOf } from "../../setup/errors";

import { containerSource, environmentOf } from "./container";
import { isRegistryImage, LARGEST, type Mount, type PublishedPort, type Source } from "./source";

interface Service {
    image?: string;
    container_name?: string;
    command?: string | string[];
    environment?: Record<string, unknown> | string[];
    env_file?: string | string[];
    ports?: (string | number | { target?: number; published?: string | number; host_ip?: string })[];
    volumes?: (string | { type?: string; source?: string; target?: string })[];
}

interface Compose {
    name?: string;
    services?: Record<string, Service | null>;
    volumes?: Record<string, { name?: string; external?: boolean | { name?: string } } | null>;
}

/** Variables of the file `.env` beside the compose file, as Compose reads them, under those of the shell. */
function variablesOf(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return { ...envFile(join(folder, ".env")), ...env };
}

function envFile(file: string): Record<string, string> {
    if (!existsSync(file)) return {};
    const lines = readFileSync(file, "utf8").split(/\r?\n/);
    const values = environmentOf(
        lines.filter((line) => /^\s*[A-Za-z_]\w*=/.test(line)).map((line) => line.trim()),
    );
    return Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, value.replace(/^(["'])(.*)\1$/, "$2")]),
    );
}

/** `${NAME}`, `${NAME:-default}`, `$NAME`; `$$` is a dollar. */
const interpolated = (text: string, env: NodeJS.ProcessEnv): string =>
    text.replace(
        /\$(?:\$|\{([A-Za-z_]\w*)(?::?-([^}]*))?[^}]*\}|([A-Za-z_]\w*))/g,
        (whole: string, braced?: string, standard?: string, plain?: string) =>
            whole === "$$" ? "$" : (env[braced ?? plain ?? ""] ?? "") || (standard ?? ""),
    );

function environmentOfService(service: Service, folder: string): Record<string, string> {
    const files = [service.env_file ?? []].flat();
    const fromFiles = Object.assign({}, ...files.map((file) => envFile(resolve(folder, file)))) as Record<
        string,
        string
    >;
    const { environment = {} } = service;
    const own = Array.isArray(environment)
        ? environmentOf(environment)
        : Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value ?? "")]));
    return { ...fromFiles, ...own };
}

/** `127.0.0.1:443:5000/tcp`, `443:5000`, `5000`, or an object. */
function portOf(port: NonNullable<Service["ports"]>[number]): PublishedPort[] {
    if (typeof port === "object")
        return port.published === undefined || port.target === undefined
            ? []
            : [{ address: port.host_ip ?? "", port: Number(port.published), target: port.target }];
    const [, address = "", published, target] =
        /^(?:(\[[^\]]+\]|[\d.]+):)?(?:(\d+):)?(\d+)(?:\/tcp)?$/.exec(String(port)) ?? [];
    return published === undefined
        ? []
        : [{ address: address.replace(/^\[|\]$/g, ""), port: Number(published), target: Number(target) }];
}

/** @param project in front of the names of its volumes */
function mountOf(
    mount: NonNullable<Service["volumes"]>[number],
    { volumes = {} }: Compose,
    folder: string,
    project: string,
): Mount[] {
    const [source, target] = typeof mount === "object" ? [mount.source, mount.target] : mount.split(":", 2);
    if (source === undefined || target === undefined) return [];
    if (/^[.~/]/.test(source)) {
        const path = source.startsWith("~")
            ? join(process.env.HOME ?? "/", source.slice(1))
            : resolve(folder, source);
        return [{ source: path, isVolume: false, target: posix.normalize(target) }];
    }
    const declared = volumes[source];
    const external = declared?.external;
    const name =
        declared?.name ??
        (typeof external === "object" ? external.name : undefined) ??
        (external ? source : `${project}_${source}`);
    return [{ source: name, isVolume: true, target: posix.normalize(target) }];
}

/** What a folder of the host has for the container, by the mounts. */
function onHost(mounts: readonly Mount[], path: string): string | undefined {
    const [nearest] = mounts
        .filter(({ isVolume, target }) => !isVolume && (path === target || path.startsWith(`${target}/`)))
        .sort((a, b) => b.target.length - a.target.length);
    return nearest && join(nearest.source, path.slice(nearest.target.length));
}

const read = (file: string): Buffer | undefined => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat?.isFile() && stat.size <= LARGEST ? readFileSync(file) : undefined;
};

function readCompose(file: string, env: NodeJS.ProcessEnv): Compose {
    const folder = dirname(file);
    try {
        const tree = parse(
            interpolated(readFileSync(file, "utf8"), variablesOf(folder, env)),
        ) as Compose | null;
        if (typeof tree === "object" && tree !== null && typeof tree.services === "object") return tree;
    } catch (error) {
        throw new SetupError(`${file} cannot be read: ${messageOf(error)}`);
    }
    throw new SetupError(`${file} is no file of Docker Compose: it has no services.`);
}

/** Container that Compose made of a service, running or not. */
async function containerOf(
    engine: Engine | undefined,
    folder: string,
    service: string,
): Promise<string | undefined> {
    if (engine === undefined) return undefined;
    const label = [
        `com.docker.compose.service=${service}`,
        `com.docker.compose.project.working_dir=${folder}`,
    ];
    const [made] = await engine.listContainers({ all: true, filters: { label } });
    return made?.Id;
}

/**
 * The registry of a compose file. Where its container is there, that tells, and not what the file says by now.
 *
 * @param engine undefined where none answers
 * @throws SetupError where the file has none, or several
 */
export async function composeSource(
    file: string,
    service: string | undefined,
    engine: Engine | undefined,
    env: NodeJS.ProcessEnv,
): Promise<Source> {
    const compose = readCompose(file, env);
    const folder = dirname(file);
    const all = Object.entries(compose.services ?? {}).flatMap(([name, one]) =>
        one ? [[name, one] as const] : [],
    );
    const registries = all.filter(([name, { image = "" }]) =>
        service === undefined ? isRegistryImage(image) : name === service,
    );
    const names = registries.map(([name]) => name);
    const [first] = registries;
    if (first === undefined)
        throw new SetupError(
            service === undefined
                ? `${file} has no service with an image of the Docker registry; it has: ${all.map(([name]) => name).join(", ")}. Name it with --service.`
                : `${file} has no service ${service}; it has: ${all.map(([name]) => name).join(", ")}.`,
        );
    if (registries.length > 1)
        throw new SetupError(
            `${file} has ${names.length} registries (${names.join(", ")}): name one with --service.`,
        );
    const [name, own] = first;
    const made = await containerOf(engine, folder, name);
    if (made !== undefined && engine !== undefined)
        return { ...(await containerSource(engine, made)), title: `service ${name} of ${file}` };
    const project =
        compose.name ??
        env.COMPOSE_PROJECT_NAME ??
        basename(folder)
            .toLowerCase()
            .replace(/[^a-z0-9_-]/g, "");
    const mounts = (own.volumes ?? []).flatMap((one) => mountOf(one, compose, folder, project));
    return {
        title: `service ${name} of ${file}`,
        image: own.image ?? "",
        environment: environmentOfService(own, folder),
        command: typeof own.command === "string" ? own.command.split(/\s+/) : (own.command ?? []),
        mounts,
        ports: (own.ports ?? []).flatMap(portOf),
        container: undefined,
        readFile: (path) => {
            const at = onHost(mounts, path);
            return Promise.resolve(at === undefined ? undefined : read(at));
        },
        readFolder: (path) => {
            const at = onHost(mounts, path);
            const isFolder = at !== undefined && statSync(at, { throwIfNoEntry: false })?.isDirectory();
            const entries = isFolder ? readdirSync(at) : [];
            return Promise.resolve(
                new Map(
                    entries.flatMap((entry) => {
                        const content = at === undefined ? undefined : read(join(at, entry));
                        return content === undefined ? [] : [[entry, content] as const];
                    }),
                ),
            );
        },
    };
}
