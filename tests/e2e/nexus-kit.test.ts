/** Nexus beside the registry, by the kit's own configuration. */
import { join } from "node:path";

import { cleanup } from "./cleanup";
import { inspect, objectsOf } from "./docker";
import { command } from "./gc";
import { NexusApi } from "./nexus-api";
import { nexusImage } from "./nexus-image";
import { ADMIN, freePort, Stack } from "./stack";

const use = cleanup();

test("Nexus joins a registry by configuration, on its network, and leaves its data when it goes", async () => {
    const { image, standIn } = use(await nexusImage());
    const port = await freePort();
    const stack = use(
        await Stack.create("kit-nexus", {
            settings: {
                ...ADMIN,
                "nexus.image": image,
                "nexus.port": String(port),
                "nexus.openFiles": "0",
                ...(standIn ? { "nexus.heapMb": "512", "nexus.directMemoryMb": "512" } : {}),
                "nexus.repositories.releases.format": "maven",
            },
        }),
    );
    const refused = await stack.tryUp();
    expect(refused.code).not.toBe(0);
    expect(refused.screen).toContain("nexus.acceptEula is false; Nexus runs only under its licence");
    expect(await objectsOf(stack.prefix)).toEqual([]);

    await stack.configure({ "nexus.acceptEula": "true" });
    // A registry that nothing listens for: an image that can be had nowhere stops `npm run up` before Pulumi runs.
    await stack.configure({ "nexus.image": "localhost:1/nexus:none" });
    const config = ["--config-file", join(stack.project, `Pulumi.${stack.name}.yaml`)];
    const without = await command(stack, "up", ...config).done;
    expect(without.screen).toMatch(
        /^The image localhost:1\/nexus:none is not in the Docker Engine and cannot be pulled \(.*connection refused.*\): .* remove `nexus\.image` to use sonatype/m,
    );
    expect(without.screen).not.toContain("Updating");
    expect(without.code).toBe(1);
    expect(await objectsOf(stack.prefix)).toEqual([]);
    // Nothing is going to run then, so no image is missing.
    expect(await command(stack, "destroy", ...config).done).toMatchObject({ code: 0 });

    await stack.configure({ "nexus.image": image });
    await stack.up();
    const password = await stack.output("nexusAdminPassword");
    const api = new NexusApi(await stack.output("nexusUrl"), password);
    expect(await api.repositories()).toEqual(
        expect.arrayContaining(["docker hosted docker-hosted", "maven2 hosted releases"]),
    );
    const { NetworkSettings } = await inspect(`${stack.prefix}-nexus`);
    expect(Object.keys(NetworkSettings.Networks)).toEqual([stack.prefix]);
    expect(await stack.exportText()).not.toContain(password);
    await stack.up("--expect-no-changes");

    await stack.unset("nexus");
    await stack.up();
    const left = await objectsOf(stack.prefix);
    expect(left).toContain(`volume ${stack.prefix}-nexus-data`);
    expect(left).not.toContain(`container ${stack.prefix}-nexus`);
});
