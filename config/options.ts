/** The options of a stack's configuration: those of the deployment, and the few that are the kit's own. */
import * as z from "zod";

import { option, type OptionInfo } from "../components/definition/option";
import { YES_OR_NO } from "../components/definition/values";
import { DEFINITION, options as deployment } from "../components/options";
import { chosenFront, toHaveFront } from "../components/front/options";
import { retentionOptions } from "../components/retention/options";
import { syncOptions, syncRules } from "../components/sync/options";
import type { Definition, Rule } from "../components/definition/check";
import { problem } from "../components/definition/problem";

import { scheduleOptions } from "./schedule";

export const kitOptions = {
    ...retentionOptions,
    ...syncOptions,
    imageMirror: option(
        z
            .string()
            // Without a login: the Engine has those of `docker login`.
            .regex(/^(\[[0-9a-fA-F:]+\]|[\w.-]+)(:\d+)?(\/[\w./-]*)?$/)
            .optional(),
        {
            description: "Mirror of Docker Hub from which `npm run up` pulls the images",
            allowed: "a registry host, with a path where it needs one",
            example: "mirror.example.com",
        },
    ),
    imageTarball: option(z.string().min(1).optional(), {
        description:
            "File of `docker save` from which `npm run up` loads the images where they cannot be pulled",
        allowed: "the path of a tar file",
        example: "./registry.tar",
    }),
    proxyFromEnvironment: option(z.boolean().default(false), {
        description:
            "Takes of proxy what is not set from HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the machine that runs `up`",
        allowed: YES_OR_NO,
        example: true,
    }),
    ...scheduleOptions,
};

/** What a program alone can say. */
const ofPrograms = Object.entries<z.ZodType>(deployment.shape)
    .filter(([, type]) => (type.meta() as OptionInfo | undefined)?.program)
    .map(([key]) => [key, true] as const);

export const options = z.strictObject({
    ...deployment.omit(Object.fromEntries(ofPrograms) as { prefix: true; stackKey: true }).shape,
    ...kitOptions,
});

export type Config = z.output<typeof options>;

/** Who pulled what stands in the log of the front. */
const pulls: Rule<Config> = ({ retention, ...grounds }) =>
    chosenFront(grounds) !== undefined
        ? []
        : Object.entries(retention ?? {}).flatMap(([name, { pulledWithinDays }]) =>
              pulledWithinDays === undefined
                  ? []
                  : [
                        problem(
                            ["retention", name, "pulledWithinDays"],
                            `is ${pulledWithinDays}, which the log of the front tells`,
                            toHaveFront(grounds),
                        ),
                    ],
          );

/** The rules are those of the deployment, and those of what the kit's own need of it. */
export const CONFIG: Definition<typeof options> = {
    options,
    rules: [...DEFINITION.rules, pulls, ...syncRules],
};
