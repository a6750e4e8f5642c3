/** Nexus by itself: Docker hosted, proxy and group, and hosted repositories for Maven, Yum and PyPI. */
import * as pulumi from "@pulumi/pulumi";

import { Nexus, type NexusRepositoriesItemArgs } from "../../components";

const config = new pulumi.Config();

const nexus = new Nexus("nexus", {
    prefix: `${pulumi.getProject()}-${pulumi.getStack()}`,
    domain: "nexus.example.com",
    // You accept https://links.sonatype.com/products/nxrm/ce-eula by `pulumi config set acceptEula true`.
    acceptEula: config.getBoolean("acceptEula") ?? false,
    adminPassword: config.getSecret("adminPassword"),
    anonymous: config.getBoolean("anonymous") ?? false,
    image: config.get("image"),
    port: config.getNumber("port"),
    heapMb: config.getNumber("heapMb"),
    directMemoryMb: config.getNumber("directMemoryMb"),
    openFiles: config.getNumber("openFiles"),
    docker: { upstream: config.get("upstream") },
    repositories: config.getObject<Record<string, NexusRepositoriesItemArgs>>("repositories") ?? {
        releases: { format: "maven", versionPolicy: "RELEASE" },
        rpms: { format: "yum", repodataDepth: 1 },
        wheels: { format: "pypi" },
    },
    cleanup: { unusedDays: config.getNumber("unusedDays") ?? 90 },
});

export const url = nexus.url;
export const adminPassword = nexus.adminPassword;
export const sites = nexus.sites;
