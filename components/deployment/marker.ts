/** The file by which a folder of the Docker host, which has no labels, tells whose it is. No Pulumi in here. */

import { mended } from "../definition/mend";
import { type Path, set, type Step } from "../definition/problem";
import { CHECK_FAILED } from "../storage/check";

export const MARKER = ".private-registry";

export interface MarkerFacts {
    identity: string;
    /** PROJECT/STACK */
    stack: string;
    stackKey?: string | undefined;
    /** Identities of lost deployments, and names, that count as the deployment's own. */
    adopt: readonly string[];
    /** The folder as the Docker host has it, for messages. */
    path: string;
    /** The option that chooses the folder. */
    key: Path;
}

/** For a shell, inside double quotes too. */
const word = (text: string): string => text.replaceAll(/[^\w./:@-]/g, "_");

/**
 * A shell script that refuses a folder which is another deployment's, or cannot be written to, and marks it else.
 *
 * @param folder where it is mounted
 */
export function markScript(folder: string, facts: MarkerFacts): string {
    const { identity, stack, stackKey, adopt, path, key } = facts;
    const file = `${folder}/${MARKER}`;
    const of = (what: string) => `$(sed -n 's/^${what} //p' ${file})`;
    const lines = [
        `identity ${identity}`,
        `stack ${word(stack)}`,
        ...(stackKey ? [`stack-key ${stackKey}`] : []),
    ];
    const said = (...steps: Step[]) => mended(...steps).replaceAll('"', '\\"');
    return [
        // One stream: of two, the order in the log is open.
        "exec 2>&1",
        `if [ -e ${file} ]; then`,
        `  owner="${of("identity")}"; since="${of("since")}"`,
        `  case "$owner" in ${[identity, ...adopt].map(word).join("|")}) ;; *)`,
        `    if [ "${of("stack-key")}" != "${stackKey ?? "none"}" ]; then`,
        `      echo "The folder ${word(path)} is another deployment's: ${of("stack")}, there since $since. Choose another folder (${said(set(key, "FOLDER"))}).` +
            ` Only if it is yours and its state is lost, take it over: ${said(set(["adopt", adopt.length], "OWNER")).replace("OWNER", "$owner")}"; exit 3`,
        "    fi ;;",
        "  esac",
        "fi",
        // What the shell says of a failure follows (storage-problem.ts).
        `echo "${CHECK_FAILED}"`,
        `if ! { printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} "since \${since:-$(date -u +%Y-%m-%dT%H:%MZ)}" > ${file}.new && mv -f ${file}.new ${file}; }; then`,
        `  rm -f ${file}.new 2>/dev/null || true`,
        `  echo "Of its disk is used and free:" $(df -h ${folder} 2>/dev/null | tail -n 1); exit 3`,
        "fi",
    ].join("\n");
}
