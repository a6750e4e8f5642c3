/** Whether a password is soon guessed. Pure. */

/** NIST SP 800-63B section 3.1.1.2: at least 8 characters, and none of those that everybody tries first. */
const SHORTEST = 8;

/** The stems of the most used passwords, in lower case; digits and signs at the end change nothing. */
const COMMON = new Set(
    (
        "password passwort passwd pass admin administrator root user guest test docker registry nexus welcome letmein " +
        "changeme secret master qwerty qwertz qwertyuiop azerty asdfgh asdfghjkl zxcvbn zxcvbnm abc abcd abcdef abcdefgh " +
        "iloveyou dragon monkey football baseball sunshine princess superman batman trustno hello default login p@ssw0rd " +
        "p@ssword passw0rd qq woaini aa"
    ).split(" "),
);

/** What the kit and its README themselves write where a password belongs, and what Pulumi writes in place of one. */
const EXAMPLES = new Set(["a long password", "a password of 1 to 72 bytes", "the password", "[secret]"]);

/** Whether each character is the next of a row, or the same: 12345678, hgfedcba, aaaaaaaa. */
function isRow(text: string): boolean {
    const steps = new Set([...text].slice(1).map((char, i) => char.charCodeAt(0) - text.charCodeAt(i)));
    const [step = 0] = steps;
    return steps.size <= 1 && Math.abs(step) <= 1;
}

/**
 * Why a password is soon guessed, as the end of a sentence.
 *
 * @param name the user's
 * @returns nothing where it takes long
 * @example weakness("admin", "123456") // "has 6 characters"
 */
export function weakness(name: string, password: string): string | undefined {
    if (EXAMPLES.has(password)) return "is an example that everybody can read";
    const { length } = [...password];
    const low = password.toLowerCase();
    if (length < SHORTEST) return `has ${length} ${length === 1 ? "character" : "characters"}`;
    if (COMMON.has(low) || COMMON.has(low.replace(/[^a-z]+$/, "")))
        return "is one of those that everybody tries first";
    if (/^\d+$/.test(password) && length < 16) return "has digits alone";
    if (isRow(low) || new Set(low).size < 5) return "repeats few characters, or is a row of them";
    if (name.length >= 3 && low.includes(name.toLowerCase()) && length - name.length < SHORTEST)
        return "is made of the user's name";
    return undefined;
}
