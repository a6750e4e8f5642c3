/** The options of the access log that is kept. Apart from what keeps it: commands read that log, and wait for no definition of options. */
import * as z from "zod";

import { option, plain, switchable } from "../definition/option";
import { YES_OR_NO } from "../definition/values";

const shape = {
    off: plain(z.boolean().default(false), {
        description: "Requests are told to the container's own log alone, which goes with the container",
        allowed: YES_OR_NO,
        example: true,
    }),
    days: option(z.int().min(1).max(3650).default(90), {
        description: "How long a request is kept in the log",
        unit: "days",
        allowed: "a whole number from 1 to 3650",
        example: 365,
    }),
    maxMb: option(z.int().min(32).default(512), {
        description: "What the log takes on the Docker host's disk at most; the oldest go first",
        unit: "MiB",
        allowed: "a whole number from 32",
        example: 2048,
    }),
};

export const logOption = option(switchable(shape).prefault({}), {
    description: "Who did what, kept for `npm run audit`. false: in `docker logs` alone",
    allowed: "an object (front.log.*), true or false",
    example: { days: 365, maxMb: 2048 },
});

export type LogBounds = Pick<z.output<z.ZodObject<typeof shape>>, "days" | "maxMb">;
