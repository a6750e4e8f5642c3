import type { Props, ResourceType } from "../framework/resource";

import type { Nexus } from "./client";
import {
    repositoryBody,
    repositoryState,
    segment,
    type RepositoryAnswer,
    type RepositoryInputs,
} from "./repository-body";

/** Options → where they belong. Elsewhere they would be ignored, so they are refused. */
const ONLY: Readonly<Record<string, (inputs: Props) => boolean>> = {
    writePolicy: ({ type }) => type === "hosted",
    versionPolicy: ({ format }) => format === "maven2",
    repodataDepth: ({ format }) => format === "yum",
    remoteUrl: ({ type }) => type === "proxy",
    members: ({ type }) => type === "group",
    httpPort: ({ format }) => format === "docker",
    cleanupPolicies: ({ type }) => type !== "group",
};

const oneOf =
    (...allowed: string[]) =>
    (value: string) =>
        allowed.includes(value) ? undefined : `must be one of ${allowed.join(", ")}, and is ${value}`;

async function exists(nexus: Nexus, inputs: RepositoryInputs): Promise<boolean> {
    const all = await nexus.request<{ name: string; format: string; type: string }[]>({
        method: "GET",
        path: "/v1/repositories",
    });
    // Nexus compares names without regard to case.
    const same = all.find(({ name }) => name.toLowerCase() === inputs.name.toLowerCase());
    if (!same) return false;
    if (same.name === inputs.name && same.format === inputs.format && same.type === inputs.type) return true;
    throw new Error(
        `Nexus has a repository ${same.name} already, of format ${same.format} and type ${same.type}: give this one ` +
            `(${inputs.format} ${inputs.type}) another name, or remove that one in Nexus.`,
    );
}

async function write(nexus: Nexus, inputs: RepositoryInputs, there: boolean): Promise<Props> {
    const path = there ? `${segment(inputs)}/${inputs.name}` : segment(inputs);
    await nexus.request({ method: there ? "PUT" : "POST", path, body: repositoryBody(inputs) });
    return { ...inputs, online: true };
}

/** @throws Error where a repository has components, and they are not to be lost */
async function refuseFull(nexus: Nexus, name: string): Promise<void> {
    const found = await nexus.find<{ items: unknown[] }>(
        `/v1/components?repository=${encodeURIComponent(name)}`,
    );
    if (found === undefined || found.items.length === 0) return;
    throw new Error(
        `Repository ${name} of Nexus has components, and they would be lost with it: put it back into the ` +
            "configuration, or delete them in Nexus, or set keepData to false, with one `pulumi up` while the repository is " +
            "still in the configuration.",
    );
}

/** A repository. */
export const repository: ResourceType<Nexus> = {
    token: "private-registry-nexus:index:Repository",
    deleteBeforeReplace: true,
    inputs: {
        name: { type: "string", required: true, replace: true },
        format: {
            type: "string",
            required: true,
            replace: true,
            validate: oneOf("docker", "maven2", "yum", "pypi"),
        },
        type: {
            type: "string",
            required: true,
            replace: true,
            validate: oneOf("hosted", "proxy", "group"),
        },
        /** Its blobs lie there; Nexus cannot move them. */
        blobStore: { type: "string", default: "default", replace: true },
        /** Not an option: what refresh finds otherwise is a change. */
        online: { type: "boolean", default: true },
        writePolicy: { type: "string", validate: oneOf("ALLOW", "ALLOW_ONCE", "DENY") },
        versionPolicy: {
            type: "string",
            replace: true,
            validate: oneOf("RELEASE", "SNAPSHOT", "MIXED"),
        },
        repodataDepth: { type: "integer" },
        remoteUrl: { type: "string" },
        members: { type: "array", element: "string" },
        httpPort: { type: "integer" },
        cleanupPolicies: { type: "array", element: "string", set: true },
        /** Deleted with its components. */
        force: { type: "boolean", default: false },
    },
    check(news) {
        const wrong = Object.entries(ONLY)
            .filter(([key, fits]) => news[key] !== undefined && !fits(news))
            .map(
                ([key]) =>
                    `${key} means nothing for a ${String(news.format)} ${String(news.type)} repository`,
            );
        if (news.type === "proxy" && news.remoteUrl === undefined)
            wrong.push("remoteUrl is required for a proxy");
        if (news.type === "group" && (news.members as unknown[] | undefined)?.length === 0)
            wrong.push("members must name one repository at least");
        if (news.format !== "docker" && news.type !== "hosted")
            wrong.push(`${String(news.format)} repositories are made as hosted ones only`);
        return wrong;
    },
    async create(props, nexus) {
        const inputs = props as unknown as RepositoryInputs;
        // One of a volume that was kept, or of an `up` that was interrupted, becomes this one.
        const outs = await write(nexus, inputs, await exists(nexus, inputs));
        return { id: inputs.name, outs };
    },
    async read(id, state, inputs, nexus) {
        return nexus.reading({ id, outs: state, inputs }, async () => {
            const kind = { ...state, ...inputs } as unknown as RepositoryInputs;
            const answer = await nexus.find<RepositoryAnswer>(`${segment(kind)}/${id}`);
            if (!answer) return undefined;
            const outs = { ...repositoryState(kind, answer), force: state.force ?? false };
            return { id, outs, inputs: outs };
        });
    },
    async update(_id, _olds, news, nexus) {
        return write(nexus, news as unknown as RepositoryInputs, true);
    },
    async delete(id, olds, nexus) {
        if (olds.force !== true) await refuseFull(nexus, id);
        await nexus.remove(`/v1/repositories/${id}`);
    },
};
