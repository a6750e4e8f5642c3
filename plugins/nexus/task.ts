import type { Props, ResourceType } from "../framework/resource";

import type { Nexus } from "./client";

const PATH = "/v1/tasks";

/** TaskXO of 3.94. Releases before it give no schedule and no properties back. */
interface Task {
    id: string;
    name: string;
    type: string;
    enabled?: boolean | null;
    cronExpression?: string | null;
    properties?: Record<string, string> | null;
}

const body = ({ name, type, cron, properties }: Props): Props => ({
    name,
    type,
    enabled: true,
    notificationCondition: "FAILURE",
    frequency: { schedule: "cron", cronExpression: cron, timeZoneOffset: "+00:00" },
    properties,
});

async function named(nexus: Nexus, { name, type }: Props): Promise<Task | undefined> {
    const path = `${PATH}?type=${encodeURIComponent(String(type))}`;
    const { items } = await nexus.request<{ items: Task[] }>({ method: "GET", path });
    return items.find((task) => task.name === name);
}

/** @param known properties that the program gives: the others are Nexus's own */
function state(task: Task, known: Props): Props {
    const wanted = (known.properties ?? {}) as Record<string, string>;
    const { properties } = task;
    return {
        name: task.name,
        type: task.type,
        cron: task.cronExpression ?? known.cron,
        enabled: task.enabled ?? true,
        properties: properties
            ? Object.fromEntries(
                  Object.keys(wanted).flatMap((key) => (key in properties ? [[key, properties[key]]] : [])),
              )
            : wanted,
    };
}

const update = (nexus: Nexus, id: string, inputs: Props) =>
    nexus.request({ method: "PUT", path: `${PATH}/${id}`, body: body(inputs) });

/** A scheduled task. */
export const task: ResourceType<Nexus> = {
    token: "private-registry-nexus:index:Task",
    deleteBeforeReplace: true,
    inputs: {
        name: { type: "string", required: true, replace: true },
        /** `blobstore.compact`, `repository.docker.gc` … */
        type: { type: "string", required: true, replace: true },
        /** Quartz cron expression of 6 or 7 fields, UTC. */
        cron: { type: "string", required: true },
        /** Not an option: what refresh finds otherwise is a change. */
        enabled: { type: "boolean", default: true },
        properties: { type: "map", element: "string", required: true },
    },
    async create(inputs, nexus) {
        const there = await named(nexus, inputs);
        if (there) {
            await update(nexus, there.id, inputs);
            return { id: there.id, outs: inputs };
        }
        await nexus.request({ method: "POST", path: PATH, body: body(inputs) });
        // The answer of a release before 3.94 has no body.
        const made = await named(nexus, inputs);
        if (!made) throw new Error(`Nexus took the task ${String(inputs.name)} and does not list it.`);
        return { id: made.id, outs: inputs };
    },
    async read(id, known, inputs, nexus) {
        return nexus.reading({ id, outs: known, inputs }, async () => {
            const found = await nexus.find<Task>(`${PATH}/${id}`);
            if (!found) return undefined;
            const outs = state(found, { ...known, ...inputs });
            return { id, outs, inputs: outs };
        });
    },
    async update(id, _olds, news, nexus) {
        await update(nexus, id, news);
        return news;
    },
    delete: (id, _olds, nexus) => nexus.remove(`${PATH}/${id}`),
};
