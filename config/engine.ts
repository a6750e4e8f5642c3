/** The Engine that the running program deploys to. */
import * as pulumi from "@pulumi/pulumi";

import { type Endpoint, resolveEndpoint } from "../engine/endpoint";

/** @param dockerHost of the configuration; else what the docker provider's says, else what its CLI finds */
export function engineOf(dockerHost: string | undefined): Endpoint {
    const provider = new pulumi.Config("docker");
    return resolveEndpoint({ host: dockerHost ?? provider.get("host"), context: provider.get("context") });
}
