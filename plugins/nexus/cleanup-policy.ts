import type { Props, ResourceType } from "../framework/resource";

import type { Nexus } from "./client";

/** Where every release since 3.29 has them, in both editions; 3.94 took the Pro-only /v1/cleanup-policies away. */
const PATH = "/internal/cleanup-policies";

interface Policy {
    name: string;
    format: string;
    notes?: string | null;
    criteriaLastDownloaded?: number | null;
    criteriaLastBlobUpdated?: number | null;
}

const body = (inputs: Props): Policy => ({
    name: String(inputs.name),
    format: String(inputs.format),
    notes: String(inputs.notes),
    ...(inputs.unusedDays === undefined ? {} : { criteriaLastDownloaded: Number(inputs.unusedDays) }),
    ...(inputs.olderThanDays === undefined ? {} : { criteriaLastBlobUpdated: Number(inputs.olderThanDays) }),
});

const state = (policy: Policy): Props => {
    const { name, format, notes, criteriaLastDownloaded, criteriaLastBlobUpdated } = policy;
    return {
        name,
        format,
        notes: notes ?? "",
        ...(criteriaLastDownloaded == null ? {} : { unusedDays: criteriaLastDownloaded }),
        ...(criteriaLastBlobUpdated == null ? {} : { olderThanDays: criteriaLastBlobUpdated }),
    };
};

async function write(nexus: Nexus, inputs: Props, there: boolean): Promise<void> {
    const path = there ? `${PATH}/${String(inputs.name)}` : PATH;
    await nexus.request<Policy>({ method: there ? "PUT" : "POST", path, body: body(inputs) });
}

/** What the daily clean-up of Nexus marks as deleted in the repositories that name it. Both conditions must hold. */
export const cleanupPolicy: ResourceType<Nexus> = {
    token: "private-registry-nexus:index:CleanupPolicy",
    deleteBeforeReplace: true,
    inputs: {
        name: { type: "string", required: true, replace: true },
        /** A format, or * for all. */
        format: { type: "string", default: "*", replace: true },
        notes: { type: "string", default: "Made by private-registry" },
        /** Days since the last download. */
        unusedDays: { type: "integer" },
        /** Days since the upload. */
        olderThanDays: { type: "integer" },
    },
    check: ({ unusedDays, olderThanDays }) =>
        unusedDays === undefined && olderThanDays === undefined
            ? ["A cleanup policy needs unusedDays or olderThanDays: without either Nexus refuses it."]
            : [],
    async create(inputs, nexus) {
        await write(nexus, inputs, (await nexus.find(`${PATH}/${String(inputs.name)}`)) !== undefined);
        return { id: String(inputs.name), outs: inputs };
    },
    async read(id, known, inputs, nexus) {
        return nexus.reading({ id, outs: known, inputs }, async () => {
            const policy = await nexus.find<Policy>(`${PATH}/${id}`);
            return policy && { id, outs: state(policy), inputs: state(policy) };
        });
    },
    async update(_id, _olds, news, nexus) {
        await write(nexus, news, true);
        return news;
    },
    delete: (id, _olds, nexus) => nexus.remove(`${PATH}/${id}`),
};
