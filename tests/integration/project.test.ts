/** What is committed, as git has it. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { parse } from "yaml";

import { check } from "../../config/check";
import { entries } from "../unit/config/base";

test("the committed Pulumi.dev.yaml is a configuration that works, and holds no secret", () => {
    // Not the file: `npm run up` before `npm test` leaves a salt in it.
    const text = execFileSync("git", ["show", ":./Pulumi.dev.yaml"], {
        cwd: join(__dirname, "../.."),
        encoding: "utf8",
    });
    const { config } = parse(text) as { config: Record<string, unknown> };
    const own = Object.entries(config).map(([key, value]) => [key.replace("private-registry:", ""), value]);
    expect(check("private-registry", entries(Object.fromEntries(own)))).toMatchObject({
        domain: "localhost",
    });
    expect(text).not.toMatch(/secure:|password|encryptionsalt/);
});
