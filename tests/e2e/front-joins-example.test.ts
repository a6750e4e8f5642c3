/** examples/front-joins: the registry, caches and Nexus on one port. */
import type { MirrorAccess } from "../../components";

import { cleanup } from "./cleanup";
import { inspect } from "./docker";
import { RegistryClient } from "./http";
import { nexusImage } from "./nexus-image";
import { DOMAIN, freePort, Stack } from "./stack";

const use = cleanup();

test("examples/front-joins serves each name on one port, and its outputs tell clients where", async () => {
    const { image, standIn } = use(await nexusImage());
    const stack = use(
        await Stack.create("one-port", {
            program: "examples/front-joins",
            settings: {
                acceptEula: "true",
                nexusImage: image,
                nexusPort: String(await freePort()),
                openFiles: "0",
                ...(standIn ? { heapMb: "512", directMemoryMb: "512" } : {}),
            },
        }),
    );
    await stack.up();
    const ca = await stack.output("caCertificatePem");
    const status = async (name: string, path: string, login: string) => {
        const client = new RegistryClient(stack.port, ca, "127.0.0.1", name);
        const answer = await client.ask(path, { login });
        client.close();
        return answer.status;
    };
    const { admin = "" } = await stack.output<Record<string, string>>("passwords");
    const nexusAdmin = `admin:${await stack.output("nexusAdminPassword")}`;
    expect(await status(DOMAIN, "/v2/", "")).toBe(401);
    expect(await status(DOMAIN, "/v2/", `admin:${admin}`)).toBe(200);
    for (const name of ["hub", "quay"]) expect(await status(`${name}.${DOMAIN}`, "/v2/", "")).toBe(200);
    expect(await status(`nexus.${DOMAIN}`, "/service/rest/v1/repositories", nexusAdmin)).toBe(200);

    const { hub, quay } = await stack.output<Record<string, MirrorAccess>>("mirrors");
    const at = (name: string) => `https://${name}.${DOMAIN}:${stack.port}`;
    expect(JSON.parse(hub?.dockerDaemonJson ?? "")).toEqual({ "registry-mirrors": [at("hub")] });
    expect(hub?.containerdHostsToml).toMatch(/certs\.d\/docker\.io\/hosts\.toml/);
    expect(hub?.containerdHostsToml).toContain(`[host."${at("hub")}"]`);
    expect(quay).toMatchObject({ dockerDaemonJson: "" });
    expect(quay?.containerdHostsToml).toContain(`[host."${at("quay")}"]`);

    // One port for all; that of Nexus's own REST API is for this host alone.
    const ports = async (name: string) =>
        Object.values((await inspect(name)).HostConfig.PortBindings ?? {}).flat();
    for (const name of ["", "-mirror-hub", "-mirror-quay"])
        expect(await ports(`${stack.prefix}${name}`)).toEqual([]);
    expect(await ports(`${stack.prefix}-nexus`)).toMatchObject([{ HostIp: "127.0.0.1" }]);
    expect(await ports(`${stack.prefix}-front`)).toMatchObject([{ HostPort: String(stack.port) }]);
    await stack.up("--expect-no-changes");
    for (const secret of [admin, nexusAdmin.slice(6), "PRIVATE KEY"])
        expect(await stack.exportText()).not.toContain(secret);
});
