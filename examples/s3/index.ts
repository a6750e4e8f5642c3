/**
 * A registry whose images lie in an S3 store, here one that is not Amazon's. Any number of registries may share a
 * bucket: this one is such a further one, without users and for reading on this machine alone.
 *
 *   pulumi config set endpoint https://s3.example.com
 *   pulumi config set bucket registry-images
 *   pulumi config set --secret accessKey KEY
 *   pulumi config set --secret secretKey KEY
 */
import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "../../components";

const config = new pulumi.Config();

const registry = new PrivateRegistry("registry", {
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    domain: config.get("domain") ?? "localhost",
    port: config.getNumber("port"),
    bindAddress: config.get("bindAddress") ?? "127.0.0.1",
    image: config.get("registryImage") ?? "registry:3.1.2",
    auth: false,
    deleteEnabled: false,
    storage: {
        s3: {
            region: config.get("region") ?? "us-east-1",
            bucket: config.require("bucket"),
            endpoint: config.get("endpoint"),
            accessKey: config.requireSecret("accessKey"),
            secretKey: config.requireSecret("secretKey"),
            ca: config.get("ca"),
        },
    },
});

export const endpoint = registry.endpoint;
export const caCertificatePem = registry.caCertificatePem;
