/** The Redis cache as the providers get it, and the files that it and the registry read. */
import { parse } from "yaml";

import { redisCli, renderRedis } from "../../../components/cache/redis-conf";

import { deploy, makeCertificates } from "./deploy";
import { expectGolden } from "./golden";
import { find, type Registration } from "./mocks";

const PASSWORD = "generated for r-redis-password";

test("redis.conf", () =>
    expectGolden("redis.conf", renderRedis({ password: "0123456789abcdef", memoryMb: 64 })));

test("the password stands in no argument of redis-cli", () => {
    expect(redisCli("ping")).toBe('REDISCLI_AUTH="$(cat /etc/redis/password)" redis-cli ping');
});

describe("a registry with a Redis", () => {
    let all: Registration[];
    const upload = (writer: string, file: string) =>
        (find(all, writer).inputs.uploads as { file: string; content: string; permissions: string }[]).find(
            (one) => one.file === `/staged/${file}`,
        );

    beforeAll(async () => {
        await makeCertificates();
        ({ all } = await deploy({
            cache: { valkey: { image: "redis:7.4", memoryMb: 100 } },
            mirrors: { hub: { upstream: "https://registry-1.docker.io", port: 5001 } },
        }));
    });

    test("confines it: no capability, no port, no right to write, a network that leads nowhere", () => {
        const { inputs } = find(all, "r-redis-container");
        expect(inputs).toMatchObject({
            name: "kit-dev-redis",
            capabilities: { drops: ["ALL"] },
            securityOpts: ["no-new-privileges:true"],
            readOnly: true,
            logDriver: "json-file",
            user: "999:0",
            memory: 157,
            memorySwap: 157,
            networksAdvanced: [{ name: "kit-dev-redis" }],
        });
        expect(inputs).not.toHaveProperty("ports");
        expect(inputs).not.toHaveProperty("envs");
        expect(find(all, "r-redis-network").inputs.internal).toBe(true);
        expect(find(all, "r-redis-container").onError).toEqual(["r-recovery"]);
    });

    test("the password is in files of the two volumes alone, and secret there", () => {
        expect(upload("r-redis-config-writer", "password")).toMatchObject({
            content: PASSWORD,
            permissions: "0440",
        });
        expect(upload("r-redis-config-writer", "redis.conf")?.content).toContain("maxmemory 100mb\n");
        const holders = all.filter(({ inputs }) => JSON.stringify(inputs).includes(PASSWORD));
        expect(holders.map(({ name }) => name).sort()).toEqual(["r-config-writer", "r-redis-config-writer"]);
        for (const { inputs, secrets } of holders) {
            (inputs.uploads as { content: string }[]).forEach(({ content }, i) => {
                if (content.includes(PASSWORD)) expect(secrets).toContain(`uploads.${i}.content`);
            });
        }
    });

    test("the registry starts after it, in its network too, and keeps its blobs there; a mirror does not", () => {
        const { inputs, dependencies } = find(all, "r-container");
        expect(inputs.networksAdvanced).toEqual([{ name: "kit-dev" }, { name: "kit-dev-redis" }]);
        expect(dependencies).toContain("r-redis-container");
        expect(parse(upload("r-config-writer", "config.yml")?.content ?? "")).toMatchObject({
            storage: { cache: { blobdescriptor: "redis" } },
            redis: {
                addrs: ["kit-dev-redis:6379"],
                password: PASSWORD,
                dialtimeout: "500ms",
                maxretries: -1,
            },
        });
        const mirror = upload("r-mirror-hub-config-writer", "config.yml")?.content ?? "";
        expect((parse(mirror) as { storage: object }).storage).not.toHaveProperty("cache");
        expect(mirror).not.toContain("redis");
    });
});

test("without it, the registry has one network and its own memory", async () => {
    await makeCertificates();
    const { all } = await deploy();
    expect(find(all, "r-container").inputs.networksAdvanced).toEqual([{ name: "kit-dev" }]);
    expect(all.map(({ name }) => name).filter((name) => name.includes("redis"))).toEqual([]);
});
