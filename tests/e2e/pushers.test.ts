/** Every common client pushes layers of any size and pulls them again, through a front and directly. */
import { resolve } from "node:path";

import { ensureClients } from "../../setup/client-tools";
import { thisMachine } from "../../setup/machine";
import { tar } from "../../engine/tar";

import { cleanup } from "./cleanup";
import { distrustCa, DockerClient, outerAddress, trustCa } from "./docker";
import { CLIENTS, PushBench } from "./pushers";
import { ADMIN, PASSWORD, Stack } from "./stack";

// Clients ask 127.0.0.0/8 for no certificate.
const HOST = outerAddress();

describe.each(["nginx", "none"])("front: %s", (front) => {
    const use = cleanup();
    const docker = use(new DockerClient());
    let address: string;
    let bench: PushBench;

    beforeAll(async () => {
        const programs = await ensureClients(thisMachine(resolve(__dirname, "..", "..")));
        const settings = {
            ...ADMIN,
            "front.off": String(front === "none"),
            "ipAddresses[0]": HOST,
            bindAddress: HOST,
        };
        const stack = use(await Stack.create(`push-${front}`, { settings }));
        await stack.up();
        address = `${HOST}:${stack.port}`;
        bench = use(new PushBench(programs, address, await stack.output("caCertificatePem")));
        const image = `${address}/docker/image:1`;
        const layer = await tar([{ path: "file", mode: 0o644, content: bench.content }]);
        await docker.must(["import", "-", image], layer);
        use({ dispose: async () => void (await docker.run(["rmi", "--force", image])) });
        await docker.must(["save", "--output", bench.path("image.tar"), image]);
        // Building them takes minutes where nobody has done so before.
    }, 1_800_000);

    test("docker", async () => {
        const image = `${address}/docker/image:1`;
        use({ dispose: () => distrustCa(address) });
        await trustCa(address, bench.caPem);
        await docker.login(address, "admin", PASSWORD);
        await docker.must(["push", image]);
        await docker.forget(image);
        await docker.must(["pull", image]);
    });

    test.each(Object.keys(CLIENTS))("%s", async (name) => {
        await CLIENTS[name]?.(bench, `${address}/${name}/image:1`);
    });
});
