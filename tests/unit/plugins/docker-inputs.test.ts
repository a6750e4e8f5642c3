import { container } from "../../../plugins/docker/container";
import { connect } from "../../../engine/client";
import { resolveEndpoint } from "../../../engine/endpoint";
import { requestOptions } from "../../../engine/http";
import { check } from "../../../plugins/framework/check";
import { diff } from "../../../plugins/framework/diff";
import type { Props } from "../../../plugins/framework/resource";

const URN = "urn:pulumi:dev::p::docker:index/container:Container::web";
const checked = (inputs: Props) => check(container, URN, {}, { image: "registry:3", ...inputs });
const reasons = (inputs: Props) =>
    checked(inputs).failures.map(({ property, reason }) => `${property} ${reason}`.trim());

describe("a container's inputs", () => {
    test("get the official defaults, and a name", () => {
        const { inputs, failures } = checked({});
        expect(failures).toEqual([]);
        expect(inputs).toMatchObject({
            containerReadRefreshTimeoutMilliseconds: 15000,
            mustRun: true,
            networkMode: "bridge",
            removeVolumes: true,
            restart: "no",
            start: true,
            waitTimeout: 60,
        });
        expect(inputs.name).toMatch(/^web-[0-9a-f]{7}$/);
    });

    test.each([
        [{ gpus: "all" }, /^gpus is not implemented/],
        [{ restart: "sometimes" }, /^restart is "sometimes", and must be one of no, on-failure/],
        [{ ports: [{ internal: 70000 }] }, /^ports\[0\].internal is 70000/],
        [{ healthcheck: { interval: "2 s" } }, /^healthcheck.interval is "2 s", and must be a duration/],
        [{ uploads: [{ file: "/a" }] }, /^uploads: \/a has 0 sources/],
        [{ uploads: [{ file: "/a", content: "x", contentBase64: "eA==" }] }, /^uploads: \/a has 2 sources/],
        [{ readOnly: true, uploads: [{ file: "/a", content: "x" }] }, /^uploads: the Engine writes no file/],
        [{ volumes: [{ volumeName: "v" }] }, /^volumes: give each entry/],
    ])("%j is refused in one sentence", (inputs, expected) => {
        expect(reasons(inputs)).toEqual([expect.stringMatching(expected)]);
    });
});

describe("what changes in a container", () => {
    const state = {
        image: "i",
        cpus: "1.0",
        labels: [
            { label: "a", value: "1" },
            { label: "b", value: "2" },
        ],
        healthcheck: {
            tests: ["CMD", "true"],
            interval: "1m30s",
            timeout: "0s",
            startPeriod: "0s",
            startInterval: "0s",
            retries: 0,
        },
        capabilities: { adds: [], drops: ["CAP_NET_RAW"] },
        memory: 64,
    };
    const changes = (news: Props) => diff(container, state, state, { ...state, ...news });

    test("nothing, where the same is said in other words", () => {
        expect(
            changes({
                cpus: "1",
                labels: [...state.labels].reverse(),
                healthcheck: { tests: ["CMD", "true"], interval: "90s" },
                capabilities: { drops: ["NET_RAW"] },
            }),
        ).toEqual([]);
    });

    test("memory in place, an image and a label by replacement", () => {
        expect(changes({ memory: 96 })).toEqual([{ property: "memory", kind: "update", replace: false }]);
        expect(changes({ image: "j" })).toEqual([{ property: "image", kind: "update", replace: true }]);
        expect(changes({ labels: [{ label: "a", value: "9" }] })).toEqual([
            { property: "labels", kind: "update", replace: true },
        ]);
    });
});

describe("the Engine", () => {
    test("is the one of the configuration, of DOCKER_HOST, or the default", () => {
        expect(resolveEndpoint({ host: "tcp://a:1" }, { env: { DOCKER_HOST: "tcp://b:2" } }).url).toBe(
            "tcp://a:1",
        );
        expect(resolveEndpoint({}, { env: { DOCKER_HOST: "tcp://b:2" } }).url).toBe("tcp://b:2");
        expect(resolveEndpoint({}, { env: {} }).url).toMatch(/docker/);
    });

    const options = (url: string, certPath?: string) =>
        requestOptions({ source: "test", url, certPath }, "/info");

    test("is reached over a socket, a named pipe or TCP", () => {
        expect(options("unix:///run/docker.sock")).toMatchObject({
            socketPath: "/run/docker.sock",
            path: "/info",
        });
        expect(options("npipe:////./pipe/docker_engine")).toMatchObject({
            socketPath: "//./pipe/docker_engine",
        });
        expect(options("tcp://build.example")).toMatchObject({
            host: "build.example",
            port: 2375,
            protocol: "http:",
            path: "/info",
        });
        expect(options("https://[::1]/proxy/")).toMatchObject({
            host: "::1",
            port: 2376,
            protocol: "https:",
            path: "/proxy/info",
        });
        expect(() => options("ftp://x")).toThrow(/is no Engine address/);
    });

    test("behind TLS needs its files", () => {
        expect(() => options("tcp://build.example", "/nowhere")).toThrow(/ca\.pem is missing/);
    });

    test("that does not answer gives one sentence", async () => {
        await expect(connect({ host: "unix:///nowhere/docker.sock" })).rejects.toThrow(
            /^Cannot connect to the Docker daemon at unix:\/\/\/nowhere\/docker\.sock .*Is the docker daemon running\?$/,
        );
    });
});
