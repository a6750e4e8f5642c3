/** Where the images of a registry are: what a backup reads and a restore writes. */

/** A volume or a folder of the Docker host, or a claim of the cluster. */
export interface Place {
    type: "volume" | "bind" | "claim";
    source: string;
    /** The images lie elsewhere, and this is the copy of them (remote.ts). */
    elsewhere?: true;
}
