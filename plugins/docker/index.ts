import { version } from "@pulumi/docker/package.json";

import type { Package } from "../framework/resource";

import { connect, type Engine } from "../../engine/client";
import { container } from "./container";
import { network } from "./network";
import { remoteImage } from "./remote-image";
import { volume } from "./volume";

/** The part of @pulumi/docker that the kit uses. */
export const dockerPackage: Package<Engine> = {
    name: "docker",
    version,
    config: {
        host: { type: "string" },
        context: { type: "string" },
        certPath: { type: "string" },
    },
    resources: [container, network, remoteImage, volume],
    configure: (config) => connect(config),
};
