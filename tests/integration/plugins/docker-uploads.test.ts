import { execFileSync } from "node:child_process";

import { formatDuration, parseDuration } from "../../../plugins/docker/duration";
import { archive } from "../../../plugins/docker/uploads";

const list = (content: Buffer) =>
    execFileSync("tar", ["--numeric-owner", "-tvPf", "-"], {
        input: content,
        env: { ...process.env, TZ: "UTC" },
    }).toString();
const extract = (content: Buffer, file: string) =>
    execFileSync("tar", ["-xOPf", "-", file], { input: content }).toString();

const time = new Date("2026-11-21T07:00:00Z");

describe("the archive of uploads", () => {
    let uploads: Buffer;
    beforeAll(async () => {
        uploads = await archive(
            [
                { file: "/staged/config.yml", content: "version: 0.1\n", permissions: "0400" },
                {
                    file: "/staged/run",
                    contentBase64: Buffer.from("é\n").toString("base64"),
                    executable: true,
                },
                { file: "/staged/big", content: "x".repeat(513) },
            ],
            time,
        );
    });

    test("is one that tar reads: permissions, owner, time", () => {
        const lines = list(uploads).trim().split("\n");
        expect(lines).toHaveLength(3);
        expect(lines[0]).toMatch(/^-r-------- 0\/0 +13 2026-11-21 07:00.* \/?staged\/config\.yml$/);
        expect(lines[1]).toMatch(/^-rwxr--r-- /);
        expect(lines[2]).toMatch(/^-rw-r--r-- 0\/0 +513 /);
    });

    test("holds the contents", () => {
        expect(extract(uploads, "/staged/config.yml")).toBe("version: 0.1\n");
        expect(extract(uploads, "/staged/run")).toBe("é\n");
        expect(extract(uploads, "/staged/big")).toBe("x".repeat(513));
    });

    test("ends with two empty blocks", () => {
        expect(uploads.length % 512).toBe(0);
        expect(uploads.subarray(-1024).every((byte) => byte === 0)).toBe(true);
    });
});

test.each([
    ["0s", 0],
    ["500ms", 5e8],
    ["2s", 2e9],
    ["1m30s", 90e9],
    ["1h0m0s", 3600e9],
    ["1.5s", 15e8],
])("the duration %s is %d ns, both ways", (text, nanoseconds) => {
    expect(parseDuration(text)).toBe(nanoseconds);
    expect(formatDuration(nanoseconds)).toBe(text);
});

test.each(["", "5", "2 s", "-1s", "1d"])("%p is no duration", (text) => {
    expect(parseDuration(text)).toBeUndefined();
});
