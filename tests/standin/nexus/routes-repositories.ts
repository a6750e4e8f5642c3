/** The stand-in's endpoints of repositories and what is in them. */
import * as bodies from "./bodies";
import { Refusal, type Route, valid, wrong } from "./call";
import type { Repository, Store } from "./store";

const formatOf = (segment: string) => (segment === "maven" ? "maven2" : segment);

function found(store: Store, name: string): Repository {
    const repository = store.data.repositories.find((one) => one.name === name);
    if (!repository) throw new Refusal(404, `Repository not found: ${name}`);
    return repository;
}

const summary = ({ name, format, type }: Repository) => ({ name, format, type, url: `/repository/${name}` });

interface Body {
    name: string;
    storage: { writePolicy?: string };
    cleanup?: { policyNames?: string[] };
    group?: { memberNames: string[] };
    docker?: { httpPort?: number };
}

/** What a schema cannot tell. */
function checkRepository({ data }: Store, kind: string, body: Body): void {
    const [segment = ""] = kind.split("/");
    for (const policy of body.cleanup?.policyNames ?? [])
        if (!data.policies.some(({ name }) => name === policy))
            throw wrong("cleanup.policyNames", `Cleanup policy ${policy} does not exist`);
    for (const member of body.group?.memberNames ?? [])
        if (!data.repositories.some(({ name, format }) => name === member && format === formatOf(segment)))
            throw wrong("group.memberNames", `Member repository does not exist: ${member}`);
    const port = body.docker?.httpPort;
    const taken = (one: Repository) =>
        one.name !== body.name && (one.body as unknown as Body).docker?.httpPort === port;
    if (port !== undefined && data.repositories.some(taken))
        throw wrong("docker.httpPort", `Port ${port} is in use by another repository connector`);
}

function details(repository: Repository): unknown {
    const { storage, cleanup, ...rest } = repository.body as unknown as Body;
    const { writePolicy, ...place } = storage;
    return {
        ...rest,
        ...summary(repository),
        // As Nexus: the policy in capitals, and null for none.
        storage: {
            ...place,
            ...(writePolicy === undefined ? {} : { writePolicy: writePolicy.toUpperCase() }),
        },
        ...(repository.type === "group" ? {} : { cleanup: cleanup?.policyNames?.length ? cleanup : null }),
    };
}

const kindOf = (segment: string | undefined, type: string | undefined): string => {
    const kind = `${segment}/${type}`;
    if (!(kind in bodies.repositories)) throw new Refusal(404);
    return kind;
};

const repositoryBody = (kind: string, value: unknown) => {
    const schema = bodies.repositories[kind];
    if (!schema) throw new Refusal(404);
    return valid(schema, value) as Body;
};

export const REPOSITORY_ROUTES: readonly Route[] = [
    [
        "GET",
        /^\/v1\/repositories$/,
        ({ store }) => ({ status: 200, body: store.data.repositories.map(summary) }),
    ],
    [
        "POST",
        /^\/v1\/repositories\/(\w+)\/(\w+)$/,
        ({ store, parts, body }) => {
            const [segment = "", type = ""] = parts;
            const kind = kindOf(segment, type);
            const wanted = repositoryBody(kind, body());
            if (store.data.repositories.some(({ name }) => name.toLowerCase() === wanted.name.toLowerCase()))
                throw wrong("name", `Name is already used, must be unique (ignoring case)`);
            checkRepository(store, kind, wanted);
            store.data.repositories.push({
                name: wanted.name,
                format: formatOf(segment),
                type,
                body: { ...wanted },
                components: [],
            });
            return { status: 201 };
        },
    ],
    [
        "GET",
        /^\/v1\/repositories\/(\w+)\/(\w+)\/([^/]+)$/,
        ({ store, parts }) => {
            const repository = found(store, parts[2] ?? "");
            if (
                kindOf(parts[0], parts[1]) !== kindOf(parts[0], repository.type) ||
                repository.format !== formatOf(parts[0] ?? "")
            )
                throw new Refusal(404);
            return { status: 200, body: details(repository) };
        },
    ],
    [
        "PUT",
        /^\/v1\/repositories\/(\w+)\/(\w+)\/([^/]+)$/,
        ({ store, parts, body }) => {
            const repository = found(store, parts[2] ?? "");
            const kind = kindOf(parts[0], parts[1]);
            if (repository.format !== formatOf(parts[0] ?? "") || repository.type !== parts[1])
                throw new Refusal(400, "format and type of a repository do not change");
            const wanted = repositoryBody(kind, body());
            if (wanted.name !== repository.name)
                throw wrong("name", "Renaming a repository is not supported");
            checkRepository(store, kind, wanted);
            repository.body = { ...wanted };
            return { status: 204 };
        },
    ],
    [
        "DELETE",
        /^\/v1\/repositories\/([^/]+)$/,
        ({ store, parts }) => {
            const { name } = found(store, parts[0] ?? "");
            store.data.repositories = store.data.repositories.filter((one) => one.name !== name);
            return { status: 204 };
        },
    ],
    [
        "GET",
        /^\/v1\/components$/,
        ({ store, query }) => {
            const { components, name } = found(store, query.get("repository") ?? "");
            return {
                status: 200,
                body: {
                    items: components.map((path) => ({ repository: name, name: path })),
                    continuationToken: null,
                },
            };
        },
    ],
];
