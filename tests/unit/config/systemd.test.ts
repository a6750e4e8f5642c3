import { leftOut } from "../../../components/without-docker";

import { accepted, mistakeIn, refused } from "./base";

describe("target: systemd", () => {
    const target = { target: "systemd" };

    test("is taken with what a host can have", () => {
        const config = { ...target, storage: { folder: "/srv/registry" }, cpus: "1.5", memoryMb: "256" };
        expect(accepted(config).target).toBe("systemd");
    });

    test.each([
        [{ containerName: "registry" }, "containerName", "pulumi config rm containerName"],
        [{ imageMirror: "a.b" }, "imageMirror", "pulumi config rm imageMirror"],
        [{ imageTarball: "a.tar" }, "imageTarball", "pulumi config rm imageTarball"],
        [{ dockerHost: "ssh://a" }, "dockerHost", "pulumi config rm dockerHost"],
        [{ storage: { volume: "data" } }, "storage.volume", "pulumi config rm --path storage.volume"],
    ])("refuses %j by name", (config, path, fix) => {
        expect(accepted(config)).toBeDefined();
        const found = mistakeIn({ ...target, ...config });
        expect(found).toMatchObject({ path, fix });
        expect(found.problem).toContain("target systemd cannot have it");
    });

    test("refuses a folder that the service could not see", () => {
        expect(mistakeIn({ ...target, storage: { folder: "/home/me/images" } })).toEqual({
            path: "storage.folder",
            problem:
                'is "/home/me/images", which lies where the confined service sees nothing: use a folder such as /srv/registry',
            fix: "pulumi config set --path storage.folder /srv/registry",
        });
    });

    test("tells all at once", () => {
        expect(
            refused({ ...target, containerName: "registry", dockerHost: "ssh://a" }).mistakes,
        ).toHaveLength(2);
    });
});

describe("an export", () => {
    test("of the smallest configuration leaves nothing out", () => {
        expect(leftOut(accepted({ target: "systemd" }))).toEqual({ leftOut: [], refused: [] });
    });

    test("names what it leaves out, and why", () => {
        expect(
            leftOut(accepted({ front: false, containerName: "registry", storage: { volume: "data" } }))
                .leftOut,
        ).toEqual([
            "containerName: there is no container",
            "storage.volume: the images lie in the package's own folder",
        ]);
    });

    test("leaves out what runs beside the registry", () => {
        const config = {
            front: { off: false, sites: { a: {} } },
            mirrors: { hub: {} },
            nexus: { port: 8081 },
        };
        expect(leftOut(config).leftOut.map((line) => line.split(":")[0])).toEqual(Object.keys(config));
        const none = { front: { off: true }, mirrors: {}, nexus: undefined };
        expect(leftOut(none).leftOut).toEqual([]);
    });

    test("is refused where a file of the store would be missing", () => {
        const { refused } = leftOut({ storage: { s3: { bucket: "b", ca: "./ca.crt" }, gcs: {} } });
        expect(refused).toEqual([expect.stringMatching(/^storage\.s3\.ca: the export carries no CA/)]);
    });

    test("is refused where users would get more than the stack gives them", () => {
        const users = {
            admin: { generate: true, role: "push" },
            "a.b": { generate: true, role: "pull", repositories: ["team-a/*"] },
        };
        expect(leftOut({ users, front: { anonymousPull: true } }).refused).toEqual([
            "front.anonymousPull: the registry's htpasswd knows no anonymous reader",
            'users["a.b"].role: in the registry\'s htpasswd every user may push',
            'users["a.b"].repositories: in the registry\'s htpasswd every user reaches every repository',
        ]);
    });
});
