/** What `pulumi up` should tell, and must not stop for. */
import { caDays } from "../components/tls/chain";
import { weakness } from "../components/auth/weakness";

import { formatPath, remove, set } from "../components/definition/problem";
import { shellWord } from "../text/shell";
import { inspectCa } from "../components/tls/inspect";

import type { Config } from "./options";
import { commands, encryptCommand, type Texts } from "./print";
import { plainSecrets, type StackFile } from "./stack-file";

/**
 * A given CA that ends before a site certificate made today. No mistake: every CA comes to that point in its last
 * year, and a stack must be able to lose a user then.
 */
function endingCa({ tls: { ownCa } }: Config, now: Date): string[] {
    if (!ownCa?.cert || !ownCa.key) return [];
    const { bundle } = inspectCa(ownCa.cert, ownCa.key);
    const left = Math.floor(caDays(bundle?.certPem ?? "", now)?.left ?? Infinity);
    if (left >= ownCa.site.validityDays) return [];
    return [
        `The CA in tls.ownCa.cert ends in ${left} days, before a site certificate of ${ownCa.site.validityDays} days that is made now: ` +
            `bring a newer CA, or \`pulumi config set --path tls.ownCa.site.validityDays ${Math.max(1, left)}\`.`,
    ];
}

/** The command that asks for a secret, so that it stands neither in the shell's history nor in the stack's file. */
const ask = (path: string): string => `pulumi config set --secret --path ${shellWord(path)}`;

function weakPasswords({ users, auth }: Config, texts: Texts): string[] {
    return Object.entries(auth ? users : {}).flatMap(([name, { password }]) => {
        const why = password === undefined ? undefined : weakness(name, password);
        if (why === undefined) return [];
        const path = ["users", name, "password"];
        const made = commands([remove(path), set(["users", name, "generate"], true)], texts);
        return [
            `The password of ${name} is soon guessed: it ${why}. ` +
                (texts.has("users") ? "" : `\`${ask(formatPath(path))}\` asks for another one; `) +
                `\`${made}\` has one made.`,
        ];
    });
}

function openSecrets(project: string, file: StackFile | undefined, texts: Texts): string[] {
    return (file === undefined ? [] : plainSecrets(file)).map((path) => {
        const [key = path] = path.split(/[.[]/);
        const how =
            key !== path && texts.has(key)
                ? `\`${encryptCommand([key])}\` encrypts all of ${key}`
                : `\`${ask(path)}\` asks for the value and encrypts it`;
        return (
            `${project}:${path} stands in the stack's file in clear, for whoever reads that file: ` +
            `${how}. Where the file was shared or committed, take another one.`
        );
    });
}

export interface Surroundings {
    /** Namespace of the keys. */
    project: string;
    /** Undefined where it is not known. */
    file?: StackFile | undefined;
    /** Keys whose object or list was set as one JSON text. */
    texts?: Texts;
    now?: Date | undefined;
}

/** Warnings for a configuration that is right. */
export const warnings = (
    config: Config,
    { project, file, texts = new Set(), now = new Date() }: Surroundings,
): string[] => [
    ...endingCa(config, now),
    ...weakPasswords(config, texts),
    ...openSecrets(project, file, texts),
];
