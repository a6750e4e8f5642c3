/** What runs in containers, and what it prints. */
import type { Engine } from "./client";
import { logText, unframed } from "./frames";
import { byLine } from "./http";

/** All that an ended container wrote, both streams in their order. @param tty the log has no frames */
export async function logsOf(engine: Engine, id: string, tty: boolean): Promise<string> {
    const log = await engine.getContainer(id).logs({ stdout: true, stderr: true });
    return tty ? log.toString() : logText(log);
}

/** Runs a container to its end and hands over each line that it prints. @returns its exit code */
export async function runToEnd(
    engine: Engine,
    name: string,
    onLine: (line: string) => void,
): Promise<number> {
    const container = engine.getContainer(name);
    // A line of one stream may be open while the other one goes on.
    const [out, err] = [byLine(onLine), byLine(onLine)];
    let drained: Promise<unknown> = Promise.resolve();
    // Attached first: a log may be kept nowhere.
    await new Promise<void>((onOpen, fail) => {
        drained = engine.call("POST", `/containers/${encodeURIComponent(name)}/attach`, {
            query: { stream: true, stdout: true, stderr: true },
            onOpen,
            onData: unframed((text, stream) => (stream === 2 ? err : out).add(text)),
        });
        drained.catch(fail);
    });
    await container.start();
    const { StatusCode } = await container.wait();
    await drained;
    out.end();
    err.end();
    return StatusCode;
}

/** The bytes that a command writes to its standard output in a running container. @param stderr with what it complains of */
export async function execBytes(
    engine: Engine,
    name: string,
    command: string[],
    stderr = false,
): Promise<Buffer> {
    const at = `/containers/${encodeURIComponent(name)}/exec`;
    const body = { Cmd: command, AttachStdout: true, AttachStderr: true };
    const { Id } = await engine.json<{ Id: string }>("POST", at, {}, body);
    const { bytes } = await engine.call("POST", `/exec/${Id}/start`, { body: { Detach: false, Tty: false } });
    const parts: Buffer[] = [];
    unframed((text, stream) => {
        if (stream === 1 || stderr) parts.push(text);
    })(bytes);
    return Buffer.concat(parts);
}

/**
 * What a command prints in a running container.
 *
 * @param options.stderr with what it complains of. @default false
 */
export const exec = async (
    engine: Engine,
    name: string,
    command: string[],
    { stderr = false }: { stderr?: boolean } = {},
): Promise<string> => (await execBytes(engine, name, command, stderr)).toString();
