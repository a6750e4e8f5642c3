import type { Engine } from "../../../engine/client";
import { waitUntilHealthy } from "../../../plugins/docker/container-health";

describe("a container that is waited for", () => {
    const engine = (state: object, restart = "no", retries = 5) => {
        const info = {
            ...{ Name: "/registry", State: state, HostConfig: { RestartPolicy: { Name: restart } } },
            Config: { Healthcheck: { Retries: retries } },
        };
        return { getContainer: () => ({ inspect: async () => info }) } as unknown as Engine;
    };

    test("is healthy", async () => {
        const healthy = engine({ Running: true, Health: { Status: "healthy" } });
        await expect(waitUntilHealthy(healthy, "1", 1)).resolves.toBeUndefined();
    });

    test("needs a health check", async () => {
        await expect(waitUntilHealthy(engine({ Running: true }), "1", 1)).rejects.toThrow(
            /neither it nor its image/,
        );
    });

    test("tells what its last check said", async () => {
        const log = [{ ExitCode: 7, Output: "storage offline\n" }];
        const unhealthy = engine({ Running: true, Health: { Status: "unhealthy", Log: log } });
        await expect(waitUntilHealthy(unhealthy, "1", 0)).rejects.toThrow(
            /failed to be in healthy state in time: registry .* within 0 s, .* exit code 7: storage offline/,
        );
    });

    test("whose check is asked once is not waited for after its verdict", async () => {
        const log = [{ ExitCode: 1, Output: "the directory refuses\n" }];
        const refused = engine({ Running: true, Health: { Status: "unhealthy", Log: log } }, "always", 1);
        await expect(waitUntilHealthy(refused, "1", 600)).rejects.toThrow(
            /did not become healthy, its last health check gave exit code 1: the directory refuses/,
        );
    });

    test("that ended for good is not waited for", async () => {
        const over = engine({ Running: false, ExitCode: 2, Health: { Status: "unhealthy" } });
        await expect(waitUntilHealthy(over, "1", 600)).rejects.toThrow(/it ended with exit code 2/);
    });
});
