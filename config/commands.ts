/** Printed commands that mean the stack they are printed for, and not the selected one. */

import { shellWord } from "../text/shell";

const PULUMI =
    /\bpulumi (config (?:set-all|set|get|rm-all|rm|refresh)|up|destroy|refresh|preview|cancel|stack output|stack export)\b(?! --(?:stack|config-file))/g;
// Not where a usage follows.
const NPM =
    /\bnpm run (up|destroy|setup|env|gc|retain|delete|backup|restore|bundle|sync|upgrade|rotate-ca|rotate|import|monitoring|schedule|doctor|mirrors|client|catalog|audit|export)\b(?! -- --(?:stack|config-file)| \[)( -- )?/g;

/**
 * Adds the stack, and the file of its configuration, to every command in a text.
 *
 * @param stack undefined where the selected stack is meant
 * @param configFile undefined where it is Pulumi.STACK.yaml
 */
export function forStack(text: string, stack: string | undefined, configFile?: string): string {
    const file = configFile === undefined ? [] : [`--config-file ${shellWord(configFile)}`];
    const name = stack === undefined ? [] : [`--stack ${stack}`];
    const added = [...name, ...file].join(" ");
    if (added === "") return text;
    return text
        .replace(PULUMI, (_all, command: string) =>
            [`pulumi ${command}`, ...name, ...(/^stack/.test(command) ? [] : file)].join(" "),
        )
        .replace(NPM, (all: string, command: string, flags: string | undefined, at: number, whole: string) =>
            // What a command says of itself: `npm run catalog: …`, `npm run delete needs names`.
            at === 0 && /^(?::| (?!-- )[a-z])/.test(whole.slice(all.length))
                ? all
                : `npm run ${command} -- ${added}${flags ? " " : ""}`,
        );
}
