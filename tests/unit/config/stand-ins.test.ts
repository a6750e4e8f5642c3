/** What stands in for an image that cannot be had has a name of its own, and never passes for the official one. */
import {
    imageToRun,
    listPath,
    type ListedImage,
    official,
    SOURCE_LABEL,
    standInName,
} from "../../../setup/stand-ins";
import { parseImage } from "../../../address/image-name";
import {
    DEFAULT_CACHE_IMAGE,
    DEFAULT_FRONT_IMAGE,
    DEFAULT_IMAGE,
    DEFAULT_SYNC_IMAGE,
    RCLONE_IMAGE,
} from "../../../address/default-images";

const image = (tag: string, own: boolean, Created = 0): ListedImage => ({
    Id: `sha256:${tag}`,
    Created,
    RepoTags: [tag],
    Labels: own ? { [SOURCE_LABEL]: "Debian package" } : null,
});

test.each([
    [DEFAULT_IMAGE, "3.1.2", "private-registry/registry:3.1.2"],
    [DEFAULT_FRONT_IMAGE, "1.22.1-9+deb12u3", "private-registry/nginx:1.22.1-debian"],
    [DEFAULT_CACHE_IMAGE, "5:7.0.15-1~deb12u6", "private-registry/redis:7.0.15-debian"],
    [DEFAULT_SYNC_IMAGE, "0.11.7", "private-registry/regsync:0.11.7"],
    [RCLONE_IMAGE, "1.60.1+dfsg-2+b5", "private-registry/rclone:1.60.1-debian"],
])("what is built for %s of %s is named %s", (wanted, version, name) => {
    expect(standInName(wanted, version)).toBe(name);
    expect(parseImage(name).path).not.toMatch(/^library\//);
});

test("nothing is built for an image that the user chose", () => {
    expect(standInName("registry:3", "3")).toBeUndefined();
    expect(listPath(["registry:3"])).toBeUndefined();
    expect(imageToRun("registry:3", [image("private-registry/registry:3", true)])).toBe("registry:3");
});

describe.each([
    [DEFAULT_IMAGE, "private-registry/registry:3.1.2"],
    [DEFAULT_FRONT_IMAGE, "private-registry/nginx:1.22.1-debian"],
    [DEFAULT_CACHE_IMAGE, "private-registry/redis:7.0.15-debian"],
    [DEFAULT_SYNC_IMAGE, "private-registry/regsync:0.11.7"],
])("%s", (wanted, standIn) => {
    test("runs as the official image where the Engine has it", () => {
        expect(imageToRun(wanted, [image(standIn, true), image(wanted, false)])).toBe(wanted);
    });

    test("runs as what stands in where the Engine has that alone", () => {
        expect(imageToRun(wanted, [image(standIn, true)])).toBe(standIn);
    });

    test("is not what an earlier version of the kit built under the official name", () => {
        expect(official(wanted, [image(wanted, true)])).toBeUndefined();
        expect(imageToRun(wanted, [image(wanted, true), image(standIn, true)])).toBe(standIn);
    });

    test("is not what somebody else named as the kit names its own", () => {
        expect(imageToRun(wanted, [image(standIn, false)])).toBe(wanted);
    });

    test("stays as configured where the Engine has neither", () => {
        expect(imageToRun(wanted, [])).toBe(wanted);
    });
});

test("another release of regsync does not stand in", () => {
    expect(imageToRun(DEFAULT_SYNC_IMAGE, [image("private-registry/regsync:0.11.6", true)])).toBe(
        DEFAULT_SYNC_IMAGE,
    );
});

test("another release of the registry does not stand in, and of two nginx the newer one does", () => {
    expect(imageToRun(DEFAULT_IMAGE, [image("private-registry/registry:3.1.1", true)])).toBe(DEFAULT_IMAGE);
    const two = [
        image("private-registry/nginx:1.22.1-debian", true, 1),
        image("private-registry/nginx:1.26.3-debian", true, 2),
    ];
    expect(imageToRun(DEFAULT_FRONT_IMAGE, two)).toBe("private-registry/nginx:1.26.3-debian");
});
