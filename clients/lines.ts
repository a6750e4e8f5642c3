/** Adds and takes back one line of a file that is read line by line. Pure: all else stays as it is. */

/** The text with the line at its end; a last line without its end stays without. */
export function addLine(text: string | undefined, line: string): string {
    if (text === undefined || text === "") return `${line}\n`;
    return text.endsWith("\n") ? `${text}${line}\n` : `${text}\n${line}`;
}

/** The text without the last line that is exactly this one. */
export function takeLine(text: string, line: string): string {
    const lines = text.split("\n");
    const at = lines.lastIndexOf(line);
    return at < 0 ? text : lines.filter((_, i) => i !== at).join("\n");
}

/** Whether DOCKER_OPTS of /etc/default/docker has an option and its value already, in one of the forms that dockerd reads. */
export function hasDockerOption(text: string, option: string, value: string): boolean {
    const escaped = value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const form = new RegExp(`^\\s*(?:export\\s+)?DOCKER_OPTS=.*--${option}[= ]${escaped}(?=["'\\s]|$)`, "m");
    return form.test(text);
}

/** The line that adds to DOCKER_OPTS whatever stands above it: upstart and sysvinit source the file as shell. */
export const dockerOptionLine = (option: string, value: string): string =>
    `DOCKER_OPTS="$DOCKER_OPTS --${option} ${value}"`;

/** Addresses that a hosts file has for a name. */
export function hostAddresses(text: string, name: string): string[] {
    return text.split("\n").flatMap((line) => {
        const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
        return names.includes(name) ? [address] : [];
    });
}
