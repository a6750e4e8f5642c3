import { SetupError } from "../../setup/errors";
import { say } from "../../setup/progress";

/**
 * Has Ctrl-C and the like end a command in good order.
 *
 * @param ending what is said at once
 * @param ended what the command ends with
 */
export function abortOnSignal(ending: string, ended: string): { signal: AbortSignal; off: () => void } {
    const controller = new AbortController();
    const abort = (signal: NodeJS.Signals) => {
        if (controller.signal.aborted) return;
        say(`${signal}: ${ending} …`);
        controller.abort(new SetupError(ended));
    };
    const signals: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, abort);
    return { signal: controller.signal, off: () => signals.forEach((signal) => process.off(signal, abort)) };
}
