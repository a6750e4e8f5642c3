/** The folder that is carried to a host without Docker. Pure: data in, files out. */
import { createHash } from "node:crypto";

import { inQuotes } from "../text/shell";

import { LAYOUTS, type RegistryVersion } from "./layouts";
import { dataPathProblem, type HostMaterial, hostConfig } from "./material";
import { renderUnit } from "./unit";

/** The scripts that go with every export, as they stand beside this file. */
export interface Scripts {
    install: string;
    uninstall: string;
}

export const CHECKSUMS = "SHA256SUMS";
/** First line of export.conf, by which a folder is known as an export. */
export const MARK = "# An export of private-registry, read by install.sh.";

/** Every file that an export can have, but its checksum list. export.conf, which has the mark, is the first. */
export const EXPORT_FILES: readonly string[] = [
    "export.conf",
    "README.txt",
    "install.sh",
    "uninstall.sh",
    "ca.crt",
    "site.crt",
    "site.key",
    "htpasswd",
    ...LAYOUTS.flatMap(({ name, service }) => [`${name}/config.yml`, `${name}/${service}.service`]),
];

function settings(
    version: RegistryVersion,
    endpoint: string,
    host: HostMaterial,
    secret: string[],
    open: string[],
) {
    return [
        MARK,
        `IDENTITY=${inQuotes(host.identity)}`,
        `STACK=${inQuotes(host.stack)}`,
        `REGISTRY_VERSION=${inQuotes(version)}`,
        `ENDPOINT=${inQuotes(endpoint)}`,
        `DATA_PATH=${inQuotes(host.dataPath ?? "")}`,
        `SECRET_FILES=${inQuotes(secret.join(" "))}`,
        `PUBLIC_FILES=${inQuotes(open.join(" "))}`,
        "",
    ].join("\n");
}

const readme = (endpoint: string, version: RegistryVersion) =>
    [
        `The registry ${endpoint} for a host with systemd and without Docker.`,
        "",
        `On the host, as root (registry ${version} of Debian's docker-registry or the RPM docker-distribution):`,
        "",
        "    sh install.sh --install-package",
        "",
        "It verifies SHA256SUMS, keeps a configuration that was there, and starts the service. Repeat it with a newer",
        "export after a change. `sh uninstall.sh` takes everything back and leaves the images.",
        "",
        "site.key, htpasswd and config.yml are secrets: remove this folder when it is installed. Clients need ca.crt.",
        "",
    ].join("\n");

/** The text of a checksum list as sha256sum reads it. */
export const checksums = (files: Readonly<Record<string, string>>): string =>
    Object.keys(files)
        .sort()
        .map(
            (path) =>
                `${createHash("sha256")
                    .update(files[path] ?? "")
                    .digest("hex")}  ${path}\n`,
        )
        .join("");

/**
 * The files of an export, path → text. All are for their owner alone: some hold secrets.
 *
 * @param endpoint URL of the registry, for messages
 * @throws Error where the stack has something that such a host cannot have
 */
export function renderFolder(
    host: HostMaterial,
    version: RegistryVersion,
    endpoint: string,
    scripts: Scripts,
): Record<string, string> {
    const problem = host.dataPath === undefined ? undefined : dataPathProblem(host.dataPath);
    if (problem !== undefined) throw new Error(`The folder of the images, ${host.dataPath}, ${problem}.`);
    const secret: Record<string, string> = {
        ...(host.tls && { "site.key": host.tls.privateKeyPem }),
        ...(host.htpasswd !== undefined && { htpasswd: host.htpasswd }),
    };
    const open: Record<string, string> = { ...(host.tls && { "site.crt": host.tls.chainPem }) };
    const files: Record<string, string> = {
        "README.txt": readme(endpoint, version),
        "export.conf": settings(version, endpoint, host, Object.keys(secret), Object.keys(open)),
        "install.sh": scripts.install,
        "uninstall.sh": scripts.uninstall,
        ...(host.caPem === "" ? {} : { "ca.crt": host.caPem }),
        ...open,
        ...secret,
    };
    for (const layout of LAYOUTS) {
        files[`${layout.name}/config.yml`] = hostConfig(host, layout, version);
        files[`${layout.name}/${layout.service}.service`] = renderUnit(host, layout, version);
    }
    return { ...files, [CHECKSUMS]: checksums(files) };
}
