import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { EngineGone, EngineSilent } from "../../../engine/http";
import { COMMANDS, engineLost, main } from "../../../ops/main";
import { ON_DOCKER } from "../../../ops/shared/on-docker";

test.each([
    [
        "broken off",
        new EngineGone(new Error("socket hang up")),
        "The Docker Engine broke off in the middle of an answer (socket hang up): once it is back, run the same command again.",
    ],
    [
        "silent",
        new EngineSilent("no answer for 60 s"),
        "The Docker Engine gave no answer for 60 s: once `docker info` answers, run the same command again.",
    ],
    [
        "refusing",
        Object.assign(new Error("connect ECONNREFUSED /run/docker.sock"), { code: "ECONNREFUSED" }),
        "The Docker Engine does not answer any more (connect ECONNREFUSED /run/docker.sock): once it is back, run the same command again.",
    ],
    ["something else", new Error("something else"), undefined],
])("an Engine that ends or falls silent is told in a sentence: %s", (_what, error, sentence) => {
    expect(engineLost(error)).toBe(sentence);
});

describe("a stack on a cluster", () => {
    let root: string;
    let said: string;
    beforeEach(() => {
        root = mkdtempSync(join(tmpdir(), "private-registry-main-"));
        writeFileSync(join(root, "Pulumi.yaml"), "name: private-registry\nruntime: nodejs\n");
        writeFileSync(
            join(root, "Pulumi.dev.yaml"),
            "config:\n  private-registry:domain: docker.example.com\n  private-registry:target: kubernetes\n",
        );
        said = "";
        jest.spyOn(process.stderr, "write").mockImplementation((text) => {
            said += String(text);
            return true;
        });
    });
    afterEach(() => {
        jest.restoreAllMocks();
        rmSync(root, { recursive: true });
    });

    test.each(ON_DOCKER)("npm run %s, which works on an Engine, says so and touches none", async (name) => {
        const kit = resolve(__dirname, "../../..");
        expect(await main({ kit, root }, name, ["--stack", "dev"])).toBe(1);
        expect(said).toContain(`npm run ${name} works on a Docker Engine`);
        expect(said).toContain("docs/kubernetes.md");
    });

    test("all of them are commands", () => {
        expect(Object.keys(COMMANDS)).toEqual(expect.arrayContaining([...ON_DOCKER]));
    });
});
