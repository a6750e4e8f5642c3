/** Where the packages of the distributions have the registry. */

export interface Layout {
    /** Folder of the export with this layout's files. */
    name: "debian" | "rpm";
    /** The package's program. */
    program: string;
    /** The package's folder of config.yml. */
    configFolder: string;
    /** The package's service, without `.service`. */
    service: string;
    /** The package's folder of the images, under /var/lib. */
    stateFolder: string;
}

/** The user that runs the registry: Debian's package makes it, the installer does elsewhere. */
export const SERVICE_USER = "docker-registry";

export const LAYOUTS: readonly Layout[] = [
    {
        name: "debian",
        program: "/usr/bin/docker-registry",
        configFolder: "/etc/docker/registry",
        service: "docker-registry",
        stateFolder: "docker-registry",
    },
    {
        name: "rpm",
        program: "/usr/bin/registry",
        configFolder: "/etc/docker-distribution/registry",
        service: "docker-distribution",
        stateFolder: "registry",
    },
];

/** Release of CNCF Distribution that the exported files are for. */
export type RegistryVersion = "2.8" | "3";
export const REGISTRY_VERSIONS: readonly RegistryVersion[] = ["2.8", "3"];
