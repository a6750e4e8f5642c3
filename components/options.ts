/** Every option of a deployment: each is written in the room of what it is about. */
import * as z from "zod";

import { acmeRules } from "./acme-rules";
import { backupOptions, backupRules } from "./backup/options";
import { authOptions, authRules } from "./auth/options";
import { deploymentOptions } from "./deployment/options";
import { nameRules } from "./names";
import { frontOptions, frontRules } from "./front/options";
import { kubernetesOptions } from "./kubernetes/options";
import { kubernetesRules } from "./kubernetes/rules";
import { metricsOptions } from "./metrics/options";
import { mirrorOptions, mirrorRules } from "./mirror/options";
import { nexusOptions, nexusRules } from "./nexus/options";
import type { Definition } from "./definition/check";
import { portRules } from "./port-rules";
import { outboundOptions } from "./outbound/options";
import { addressOptions, containerOptions, registryRules, settingsOptions } from "./registry/options";
import { storageOptions, storageRules } from "./storage/options";
import { systemdRules } from "./without-docker";
import { tls, tlsRules } from "./tls/options";

export const options = z.strictObject({
    ...addressOptions,
    tls,
    ...authOptions,
    ...frontOptions,
    ...metricsOptions,
    ...containerOptions,
    ...storageOptions,
    ...settingsOptions,
    ...deploymentOptions,
    ...kubernetesOptions,
    ...outboundOptions,
    ...mirrorOptions,
    ...nexusOptions,
    ...backupOptions,
});

/** The options of a deployment with their defaults: all plain values. */
export type Options = z.output<typeof options>;

export const DEFINITION: Definition<typeof options> = {
    options,
    rules: [
        ...authRules,
        ...storageRules,
        ...registryRules,
        ...tlsRules,
        ...frontRules,
        ...systemdRules,
        ...kubernetesRules,
        ...mirrorRules,
        ...nexusRules,
        ...portRules,
        ...backupRules,
        ...nameRules,
        ...acmeRules,
    ],
};
