import type { ResourceType } from "../framework/resource";

import type { Nexus } from "./client";

const CHANGE = "/v1/security/users/admin/change-password";

async function change(nexus: Nexus, password: string, ...others: string[]): Promise<void> {
    const inForce = await nexus.login(password, ...others);
    if (inForce === password) return;
    await nexus.request({ method: "PUT", path: CHANGE, text: password });
    nexus.use(password);
}

interface Inputs {
    password: string;
    generated: boolean;
}

/**
 * The password of the user admin: that of the first start, which lies in /nexus-data/admin.password, becomes the
 * configured one.
 */
export const admin: ResourceType<Nexus> = {
    token: "private-registry-nexus:index:Admin",
    inputs: {
        password: { type: "string", required: true },
        generated: { type: "boolean", default: false },
    },
    secretOutputs: ["password"],
    async create(inputs, nexus) {
        await change(nexus, String(inputs.password));
        return { id: "admin", outs: inputs };
    },
    async read(id, state, inputs, nexus) {
        const found = { id, outs: state, inputs };
        return nexus.reading(found, async () => {
            const inForce = await nexus.login();
            // That of the first start: the volume is a new one.
            return inForce === nexus.connection.password ? found : undefined;
        });
    },
    async update(_id, olds, news, nexus) {
        await change(nexus, String(news.password), String(olds.password));
        return news;
    },
    /** A generated password goes with the state. For a volume that is kept, it lies where the first one lay. */
    async delete(_id, olds, nexus) {
        const { password, generated } = olds as unknown as Inputs;
        if (generated) await nexus.firstRun.write(password);
    },
};
