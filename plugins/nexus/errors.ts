/** What Nexus answered, as one sentence with the fix. */

/** An answer that is none of those that a request expects. */
export class NexusError extends Error {
    constructor(
        /** 0: no answer at all. */
        readonly status: number,
        message: string,
    ) {
        super(message);
        this.name = "NexusError";
    }
}

export const isMissing = (error: unknown): boolean => error instanceof NexusError && error.status === 404;

/** Nothing listens at all: the container is stopped or gone. */
export const isSilent = (error: unknown): boolean => error instanceof NexusError && error.status === 0;

/** Nexus tells of wrong fields as a list of `{id, message}` (ValidationErrorXO), of other faults as text. */
function reason(body: string): string {
    try {
        const parsed = JSON.parse(body) as unknown;
        if (Array.isArray(parsed))
            return (parsed as { id?: string; message?: string }[])
                .map(({ id, message }) => [id, message].filter(Boolean).join(" "))
                .join("; ");
    } catch {
        // Text.
    }
    const text = body
        .replace(/<[^>]*>/g, " ")
        .replace(/\s+/g, " ")
        .trim();
    return text.slice(0, 300);
}

const ADVICE: Readonly<Record<number, string>> = {
    401: "nexus.adminPassword is not the password of the user admin: set it to the one in force.",
    403: "The user admin lacks a permission, or the EULA is not accepted: look at the log of the container.",
    404: "This Nexus does not know it: look whether nexus.image is a version that docs/nexus.md names.",
    500: "Look at the log of the container.",
    503: "Nexus is starting or out of disk: look at the log of the container and run `pulumi up` again.",
};

/** @param what the request, `PUT http://127.0.0.1:8081/service/rest/v1/status`: never its body, which may be a secret */
export function refused(what: string, status: number, body: string): NexusError {
    const why = reason(body);
    const advice = ADVICE[status] ?? "Mend the value that it names.";
    return new NexusError(status, `${what} answered ${status}${why === "" ? "." : `: ${why}.`} ${advice}`);
}

/** @param seconds how long there was no answer */
export function unreachable(what: string, seconds: number, last: string): NexusError {
    return new NexusError(
        0,
        `${what}: no answer within ${seconds} s (${last}). Is the Nexus container running, and does this machine reach it? ` +
            "For an Engine on another machine set nexus.apiUrl (docs/nexus.md).",
    );
}
