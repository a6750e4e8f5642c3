/** A mistake or a lack that the user can mend: its message is one clear sentence with the fix, shown without a stack. */
export class SetupError extends Error {
    override name = "SetupError";
}

export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
