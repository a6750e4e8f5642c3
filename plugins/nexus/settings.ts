import type { Props, ResourceType } from "../framework/resource";

import type { Nexus } from "./client";

const ANONYMOUS = "/v1/security/anonymous";
const REALMS = "/v1/security/realms/active";
const EULA = "/v1/system/eula";

interface Inputs {
    anonymous: boolean;
    acceptEula: boolean;
    realms: string[];
}

interface Anonymous {
    enabled: boolean;
    userId: string;
    realmName: string;
}

interface Eula {
    accepted: boolean;
    disclaimer: string;
}

async function acceptEula(nexus: Nexus): Promise<void> {
    // Nexus Pro has no EULA of the Community Edition to accept.
    const eula = await nexus.find<Eula>(EULA);
    if (!eula || eula.accepted) return;
    await nexus.request({ method: "POST", path: EULA, body: { ...eula, accepted: true } });
}

async function apply({ anonymous, acceptEula: accept, realms }: Inputs, nexus: Nexus): Promise<void> {
    // First: without it Nexus refuses the rest of its life.
    if (accept) await acceptEula(nexus);
    const access = await nexus.request<Anonymous>({ method: "GET", path: ANONYMOUS });
    if (access.enabled !== anonymous)
        await nexus.request({ method: "PUT", path: ANONYMOUS, body: { ...access, enabled: anonymous } });
    const active = await nexus.request<string[]>({ method: "GET", path: REALMS });
    const missing = realms.filter((realm) => !active.includes(realm));
    if (missing.length > 0)
        await nexus.request({ method: "PUT", path: REALMS, body: [...active, ...missing] });
}

async function found(inputs: Inputs, nexus: Nexus): Promise<Props> {
    const [eula, access, active] = await Promise.all([
        nexus.find<Eula>(EULA),
        nexus.request<Anonymous>({ method: "GET", path: ANONYMOUS }),
        nexus.request<string[]>({ method: "GET", path: REALMS }),
    ]);
    return {
        anonymous: access.enabled,
        acceptEula: eula?.accepted ?? inputs.acceptEula,
        realms: inputs.realms.filter((realm) => active.includes(realm)),
    };
}

/** What there is once in a Nexus: the EULA, anonymous access, security realms that must be active. */
export const settings: ResourceType<Nexus> = {
    token: "private-registry-nexus:index:Settings",
    inputs: {
        anonymous: { type: "boolean", required: true },
        acceptEula: {
            type: "boolean",
            required: true,
            validate: (value: boolean) =>
                value
                    ? undefined
                    : "must be true: Nexus gives and takes no component before its licence is accepted",
        },
        realms: { type: "array", element: "string", required: true, set: true },
    },
    async create(inputs, nexus) {
        await apply(inputs as unknown as Inputs, nexus);
        return { id: "settings", outs: inputs };
    },
    async read(id, state, inputs, nexus) {
        return nexus.reading({ id, outs: state, inputs }, async () => {
            const outs = await found({ ...state, ...inputs } as unknown as Inputs, nexus);
            return { id, outs, inputs: outs };
        });
    },
    async update(_id, _olds, news, nexus) {
        await apply(news as unknown as Inputs, nexus);
        return news;
    },
};
