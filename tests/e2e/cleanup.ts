/** What a test file must put away, whatever happened before. */

// Every step in a test has a limit of its own; this is the one of a whole test, and of the clean-up.
jest.setTimeout(300_000);

export interface Disposable {
    dispose(): Promise<void>;
}

/**
 * Puts things away after the last test of the file or group, in the reverse order, each even where another fails.
 *
 * @returns a function that takes a thing in charge and gives it back
 */
export function cleanup(): <T extends Disposable>(thing: T) => T {
    const things: Disposable[] = [];
    afterAll(async () => {
        const errors: Error[] = [];
        for (const thing of things.reverse())
            await thing.dispose().catch((error: unknown) => errors.push(error as Error));
        if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
    });
    return (thing) => {
        things.push(thing);
        return thing;
    };
}
