/** Folders in the registry's container. */

/** Where the files of the configuration are mounted. */
export const CONFIG_FOLDER = "/etc/distribution";
/** Where the images lie. */
export const DATA_FOLDER = "/var/lib/registry";
