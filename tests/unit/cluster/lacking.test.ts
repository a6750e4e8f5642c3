/** Which rights a login lacks, by what an API server lists and answers. On a real one: tests/e2e/kubernetes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Cluster } from "../../../cluster/cluster";
import { DEPLOY, OPERATE, rightsOf, rightText } from "../../../cluster/rights";

const folder = mkdtempSync(join(tmpdir(), "kubectl-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ALL = [...DEPLOY, ...OPERATE];

/**
 * Asks a cluster that lists some rules, and allows nothing of what it is asked for by itself.
 *
 * @param rules nothing where it lists none to this login
 */
async function asked(rules: readonly object[] | undefined, rights = rightsOf(ALL)) {
    const review = { status: { resourceRules: rules, incomplete: true } };
    writeFileSync(join(folder, "rules"), JSON.stringify(review));
    writeFileSync(join(folder, "requests"), "");
    const program = `#!/bin/sh
text=$(cat)
case "$text" in
    (*SelfSubjectRulesReview*) echo rules >> ${folder}/requests; ${rules === undefined ? "exit 1" : `cat ${folder}/rules`} ;;
    (*) echo "$text" | tr , '\\n' | grep '"kind":"SelfSubjectAccessReview"' | tee -a ${folder}/requests | sed 's/.*/false/' ;;
esac`;
    writeFileSync(join(folder, "kubectl"), program, { mode: 0o755 });
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    const lacking = await Cluster.with({ namespace: "registry" }, env, (cluster) => cluster.lacking(rights));
    const requests = readFileSync(join(folder, "requests"), "utf8").trim().split("\n").length;
    return { lacking: lacking.map(rightText), requests };
}

test.each([
    ["the example Role", ALL],
    ["an administrator", [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]],
])("of %s one request tells that nothing is lacking", async (_, rules) => {
    expect(await asked(rules)).toEqual({ lacking: [], requests: 1 });
});

test("what no rule gives is asked for by itself: not every cluster lists all", async () => {
    const rights = rightsOf([{ apiGroups: [""], resources: ["pods", "pods/exec"], verbs: ["get"] }]);
    const rule = { verbs: ["get"], apiGroups: [""], resources: ["pods"] };
    expect(await asked([rule], rights)).toEqual({ lacking: ["get pods/exec"], requests: 2 });
    expect(await asked(undefined, rights)).toEqual({ lacking: ["get pods", "get pods/exec"], requests: 3 });
    const exec = { ...rule, resources: ["*/exec"] };
    expect((await asked([rule, exec], rights)).lacking).toEqual([]);
});

test.each([
    ["another verb", { verbs: ["list"], apiGroups: [""], resources: ["pods"] }],
    ["another group", { verbs: ["get"], apiGroups: ["metrics.k8s.io"], resources: ["pods"] }],
    ["one object alone", { verbs: ["get"], apiGroups: [""], resources: ["pods"], resourceNames: ["mine"] }],
    ["no resource", { verbs: ["get"] }],
])("a rule of %s gives no right", async (_, rule) => {
    const rights = rightsOf([{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }]);
    expect((await asked([rule], rights)).lacking).toEqual(["get pods"]);
});
