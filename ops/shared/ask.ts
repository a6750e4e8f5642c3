/** Questions on a terminal. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** Whether there is somebody to ask. */
export const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

/** A yes or no; anything but yes is no. */
export async function agreed(question: string): Promise<boolean> {
    const asking = createInterface({ input: process.stdin, output: process.stderr });
    try {
        return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
    } finally {
        asking.close();
    }
}

/** A text that no screen shows. */
export async function askSecret(question: string): Promise<string> {
    const output = new Writable({ write: (_chunk, _encoding, done) => done() });
    // With an output of its own that keeps silent: the terminal would show what is typed.
    const asking = createInterface({ input: process.stdin, output, terminal: true });
    process.stderr.write(question);
    try {
        return await asking.question("");
    } finally {
        asking.close();
        process.stderr.write("\n");
    }
}
