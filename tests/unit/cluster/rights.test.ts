/** The Role that the docs give has the rights that the kit looks for. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { parse } from "yaml";

import { DEPLOY, OPERATE, rightsOf, rightText } from "../../../cluster/rights";

const ROLE = join(resolve(__dirname, "..", "..", ".."), "examples/kubernetes/role.yaml");

test("the example Role has exactly these rules", () => {
    const { rules } = parse(readFileSync(ROLE, "utf8")) as { rules: unknown };
    expect(rules).toEqual([...DEPLOY, ...OPERATE]);
});

test("a rule is taken apart into rights", () => {
    const rule = { apiGroups: [""], resources: ["pods", "pods/exec"], verbs: ["get", "create"] };
    expect(rightsOf([rule]).map(rightText)).toEqual([
        ...["get pods", "create pods"],
        ...["get pods/exec", "create pods/exec"],
    ]);
});
