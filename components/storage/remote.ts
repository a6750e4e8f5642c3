/** The store elsewhere that a deployment's options name. */
import * as pulumi from "@pulumi/pulumi";

import type { Settled } from "../definition/inputs";
import { trusted } from "../tls/inspect";

import type { Storage } from "./options";
import type { RemoteStorageArgs } from "./storage";

/** The store of a deployment's options; nothing where the images lie on the Docker host. */
export function remoteStorage({ s3, azure, gcs, redirect }: Settled<Storage>): RemoteStorageArgs | undefined {
    if (s3 !== undefined) {
        const { ca, region, bucket, ...options } = s3;
        const caPem = ca === undefined ? undefined : pulumi.output(ca).apply(trusted);
        const [at, place] = [pulumi.output(bucket), pulumi.output(region)];
        return {
            ...options,
            driver: "s3",
            redirect,
            bucket: at.apply((name) => name ?? ""),
            region: place.apply((name) => name ?? "us-east-1"),
            ...(caPem && { caPem }),
        };
    }
    if (azure !== undefined) {
        const { credentials, accountName, container, ...options } = azure;
        return {
            ...options,
            driver: "azure",
            redirect,
            accountName: pulumi.output(accountName).apply((name) => name ?? ""),
            container: pulumi.output(container).apply((name) => name ?? ""),
            credentials: pulumi
                .output(credentials)
                .apply(({ tenantId, clientId, secret }) =>
                    tenantId && clientId && secret ? { tenantId, clientId, secret } : undefined,
                ),
        };
    }
    if (gcs !== undefined) {
        const { bucket, ...options } = gcs;
        return {
            ...options,
            driver: "gcs",
            redirect,
            bucket: pulumi.output(bucket).apply((name) => name ?? ""),
        };
    }
    return undefined;
}
