const CODES = { bold: 1, red: 31, green: 32, yellow: 33, cyan: 36, dim: 2 } as const;
export type Colour = keyof typeof CODES;

/** Whether a stream is a terminal that shows colours; NO_COLOR and TERM=dumb say no. */
export const hasColours = (
    stream: { isTTY?: boolean | undefined },
    env: NodeJS.ProcessEnv = process.env,
): boolean => Boolean(stream.isTTY) && !env.NO_COLOR && env.TERM !== "dumb";

/** The text in a colour, where the stream shows any. */
export const coloured = (text: string, colour: Colour, stream: { isTTY?: boolean | undefined }): string =>
    hasColours(stream) ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
