import { ClusterUp } from "../../../ops/shared/cluster-up";
import type { Stack } from "../../../setup/stack";
import { machineIn } from "../setup/fixture";

const stack = (target?: string): Stack => ({
    ...{ name: "dev", named: false, backend: "file:///nowhere", ownBackend: true },
    settings: target === undefined ? {} : { target },
});

test.each([
    ["a stack on Docker", undefined, { PATH: "/bin" }],
    ["a machine without kubectl: Pulumi goes on alone", "kubernetes", { PATH: "/nonexistent" }],
])("%s is asked nothing", async (_, target, env) => {
    await expect(ClusterUp.begin(machineIn("/nowhere", { env }), stack(target), undefined)).resolves.toBe(
        undefined,
    );
});
