/** Run by registry.test.ts: a configuration volume whose writer ends with the exit code of the first argument. */
import { record } from "../../unit/components/mocks";

import * as pulumi from "@pulumi/pulumi";

import { Deployment } from "../../../components/deployment/deployment";
import { ConfigVolume } from "../../../components/registry/config-volume";

const exitCode = process.argv[2] === "undefined" ? undefined : Number(process.argv[2]);

void record(
    () =>
        new ConfigVolume("c", {
            volumeName: "kit-dev-config",
            deployment: new Deployment("c", { prefix: "kit-dev" }, new pulumi.ComponentResource("t", "c")),
            imageId: "sha256:0a1b",
            files: { "config.yml": { content: "version: 0.1" } },
            folder: "/etc/distribution",
            onError: [],
        }),
    (_type, name) => (name === "c-writer" ? { exitCode } : {}),
);
