/** Printed commands that mean the stack they are printed for, and not the selected one. */

const PULUMI =
    /\bpulumi (config (?:set-all|set|get|rm-all|rm|refresh)|up|destroy|refresh|preview|cancel|stack output|stack export)\b(?! --stack)/g;
// Not where a usage follows.
const NPM = /\bnpm run (up|destroy|gc|doctor|mirrors|client|catalog|export)\b(?! -- --stack| \[)( -- )?/g;

/**
 * Adds the stack to every command in a text.
 *
 * @param stack undefined where the selected stack is meant: then the text stays as it is
 */
export function forStack(text: string, stack: string | undefined): string {
    if (stack === undefined) return text;
    return text
        .replace(PULUMI, `pulumi $1 --stack ${stack}`)
        .replace(NPM, (all: string, command: string, flags: string | undefined, at: number, whole: string) =>
            // What a command says of itself: `npm run catalog: …`.
            at === 0 && whole[all.length] === ":"
                ? all
                : `npm run ${command} -- --stack ${stack}${flags ? " " : ""}`,
        );
}
