import * as pulumi from "@pulumi/pulumi";

import type { RemoteStorageArgs } from "../components";

import { trustPem } from "./certificates";
import { readJsonText } from "./pem";
import type { Schema } from "./schema";

/** An empty text stands for none. */
const secret = (value: string | undefined): pulumi.Output<string> | undefined =>
    value ? pulumi.secret(value) : undefined;

/** The store of a configuration; nothing where the images lie on the Docker host. The rules have checked what it needs. */
export function remoteStorage({
    driver,
    redirect,
    s3,
    azure,
    gcs,
}: Schema["storage"]): RemoteStorageArgs | undefined {
    switch (driver) {
        case "filesystem":
            return undefined;
        case "s3": {
            const { ca, ...options } = s3;
            return {
                ...options,
                driver,
                redirect,
                bucket: s3.bucket ?? "",
                region: s3.region ?? "us-east-1",
                accessKey: secret(s3.accessKey),
                secretKey: secret(s3.secretKey),
                caPem: trustPem(ca),
            };
        }
        case "azure": {
            const { tenantId, clientId, secret: clientSecret } = azure.credentials;
            return {
                ...azure,
                driver,
                redirect,
                accountName: azure.accountName ?? "",
                container: azure.container ?? "",
                accountKey: secret(azure.accountKey),
                credentials:
                    tenantId && clientId && clientSecret
                        ? { tenantId, clientId, secret: pulumi.secret(clientSecret) }
                        : undefined,
            };
        }
        case "gcs":
            return {
                ...gcs,
                driver,
                redirect,
                bucket: gcs.bucket ?? "",
                keyFile: gcs.keyFile === undefined ? undefined : secret(readJsonText(gcs.keyFile)),
            };
    }
}
