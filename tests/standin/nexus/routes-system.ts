/** The stand-in's endpoints of what there is once in a Nexus: EULA, security, cleanup policies, tasks. */
import { randomUUID } from "node:crypto";

import * as bodies from "./bodies";
import { Refusal, type Route, valid, wrong } from "./call";
import type { Store } from "./store";

const DISCLAIMER =
    "This is the stand-in's disclaimer. Use of Sonatype Nexus Repository is governed by its End User License Agreement.";
const REALMS = ["NexusAuthenticatingRealm", "NexusAuthorizingRealm", "DockerToken", "NpmToken"];

function taskOf(store: Store, id: string | undefined) {
    const task = store.data.tasks.find((one) => one.id === id);
    if (!task) throw new Refusal(404, `Unable to locate task with id ${id}`);
    return task;
}

function taskBody(store: Store, value: unknown): bodies.Task {
    const task = valid(bodies.task, value);
    const { blobstoreName, repositoryName } = task.properties ?? {};
    if (task.type === "blobstore.compact" && blobstoreName !== "default")
        throw wrong("properties.blobstoreName", "Blob store does not exist");
    if (task.type === "repository.docker.gc") {
        const known = store.data.repositories.some(({ name }) => name === repositoryName);
        if (!known) throw wrong("properties.repositoryName", "Repository does not exist");
    }
    return task;
}

const taskAnswer = ({ frequency, ...task }: bodies.Task & { id: string }) => ({
    ...task,
    ...frequency,
    currentState: "WAITING",
    message: task.name,
});

function policyOf(store: Store, name: string | undefined) {
    const policy = store.data.policies.find((one) => one.name === name);
    if (!policy) throw new Refusal(404, `Cleanup policy ${name} not found.`);
    return policy;
}

export const SYSTEM_ROUTES: readonly Route[] = [
    [
        "GET",
        /^\/v1\/system\/eula$/,
        ({ store }) => ({ status: 200, body: { accepted: store.data.eula, disclaimer: DISCLAIMER } }),
    ],
    [
        "POST",
        /^\/v1\/system\/eula$/,
        ({ store, body }) => {
            const { accepted, disclaimer } = valid(bodies.eula, body());
            if (disclaimer !== DISCLAIMER) throw new Refusal(500, "Invalid EULA disclaimer");
            store.data.eula = accepted;
            return { status: 204 };
        },
    ],
    [
        "PUT",
        /^\/v1\/security\/users\/([^/]+)\/change-password$/,
        ({ store, parts, text }) => {
            if (text.trim() === "") throw new Refusal(400, "Password must be supplied.");
            if (parts[0] !== "admin") throw new Refusal(404, `User '${parts[0]}' not found.`);
            store.changePassword(text);
            return { status: 204 };
        },
    ],
    ["GET", /^\/v1\/security\/anonymous$/, ({ store }) => ({ status: 200, body: store.data.anonymous })],
    [
        "PUT",
        /^\/v1\/security\/anonymous$/,
        ({ store, body }) => {
            store.data.anonymous = valid(bodies.anonymous, body());
            return { status: 200, body: store.data.anonymous };
        },
    ],
    ["GET", /^\/v1\/security\/realms\/active$/, ({ store }) => ({ status: 200, body: store.data.realms })],
    [
        "PUT",
        /^\/v1\/security\/realms\/active$/,
        ({ store, body }) => {
            const wanted = valid(bodies.realms, body());
            const unknown = wanted.filter((realm) => !REALMS.includes(realm));
            if (unknown.length > 0) throw new Refusal(400, `"Unknown realmIds: [${unknown.join(", ")}]"`);
            store.data.realms = wanted;
            return { status: 204 };
        },
    ],
    ["GET", /^\/internal\/cleanup-policies$/, ({ store }) => ({ status: 200, body: store.data.policies })],
    [
        "POST",
        /^\/internal\/cleanup-policies$/,
        ({ store, body }) => {
            const policy = valid(bodies.policy, body());
            if (store.data.policies.some(({ name }) => name === policy.name))
                throw new Refusal(409, "exists already");
            store.data.policies.push(policy);
            return { status: 200, body: { ...policy, inUseCount: 0 } };
        },
    ],
    [
        "GET",
        /^\/internal\/cleanup-policies\/([^/]+)$/,
        ({ store, parts }) => ({ status: 200, body: { ...policyOf(store, parts[0]), inUseCount: 0 } }),
    ],
    [
        "PUT",
        /^\/internal\/cleanup-policies\/([^/]+)$/,
        ({ store, parts, body }) => {
            const old = policyOf(store, parts[0]);
            store.data.policies[store.data.policies.indexOf(old)] = valid(bodies.policy, body());
            return { status: 200, body: policyOf(store, parts[0]) };
        },
    ],
    [
        "DELETE",
        /^\/internal\/cleanup-policies\/([^/]+)$/,
        ({ store, parts }) => {
            const old = policyOf(store, parts[0]);
            store.data.policies = store.data.policies.filter((one) => one !== old);
            return { status: 204 };
        },
    ],
    [
        "GET",
        /^\/v1\/tasks$/,
        ({ store, query }) => {
            const type = query.get("type");
            const items = store.data.tasks
                .filter((task) => type === null || task.type === type)
                .map(taskAnswer);
            return { status: 200, body: { items, continuationToken: null } };
        },
    ],
    [
        "POST",
        /^\/v1\/tasks$/,
        ({ store, body }) => {
            const task = { ...taskBody(store, body()), id: randomUUID() };
            store.data.tasks.push(task);
            return { status: 201, body: taskAnswer(task) };
        },
    ],
    [
        "GET",
        /^\/v1\/tasks\/([^/]+)$/,
        ({ store, parts }) => ({ status: 200, body: taskAnswer(taskOf(store, parts[0])) }),
    ],
    [
        "PUT",
        /^\/v1\/tasks\/([^/]+)$/,
        ({ store, parts, body }) => {
            const old = taskOf(store, parts[0]);
            store.data.tasks[store.data.tasks.indexOf(old)] = { ...taskBody(store, body()), id: old.id };
            return { status: 204 };
        },
    ],
    [
        "DELETE",
        /^\/v1\/tasks\/([^/]+)$/,
        ({ store, parts }) => {
            const old = taskOf(store, parts[0]);
            store.data.tasks = store.data.tasks.filter((one) => one !== old);
            return { status: 204 };
        },
    ],
];
