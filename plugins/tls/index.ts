/** The embedded stand-in for the official tls plugin: what the kit uses of it. */
import { version } from "@pulumi/tls/package.json";

import type { Package } from "../framework/resource";

import { certRequest } from "./cert-request";
import { locallySignedCert } from "./locally-signed-cert";
import { privateKey } from "./private-key";
import { selfSignedCert } from "./self-signed-cert";

export const tls: Package = {
    name: "tls",
    version,
    config: {},
    resources: [privateKey, selfSignedCert, certRequest, locallySignedCert],
    configure: () => undefined,
};
