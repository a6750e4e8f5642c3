/** The embedded stand-in for the official random plugin: what the kit uses of it. */
import { version } from "@pulumi/random/package.json";

import type { Package } from "../framework/resource";

import { randomBytes } from "./random-bytes";
import { randomId } from "./random-id";
import { randomPassword } from "./random-password";

export const random: Package = {
    name: "random",
    version,
    config: {},
    resources: [randomPassword, randomBytes, randomId],
    configure: () => undefined,
};
