/** A registry that somebody set up by hand: what is known of it before it is imported. */

export interface Mount {
    /** Path of the host, or name of a volume. */
    source: string;
    isVolume: boolean;
    /** Path in the container. */
    target: string;
}

export interface PublishedPort {
    /** Of the host; "" for all of them. */
    address: string;
    port: number;
    /** In the container. */
    target: number;
}

export interface Source {
    /** What it is called in sentences: `container myregistry`. */
    title: string;
    image: string;
    environment: Record<string, string>;
    /** Arguments of the program. */
    command: string[];
    mounts: Mount[];
    ports: PublishedPort[];
    /** Name of its container, where there is one. */
    container: string | undefined;
    /** A file by its path in the container; undefined where there is none. */
    readFile: (path: string) => Promise<Buffer | undefined>;
    /** The files of a folder of the container, by name. */
    readFolder: (path: string) => Promise<Map<string, Buffer>>;
}

/** Largest file that is read: a certificate, a key, an htpasswd or a configuration, in bytes. */
export const LARGEST = 1 << 20;

/** Whether an image is CNCF Distribution by its name: `registry:2`, `mirror.example.com/library/registry`, `distribution/distribution`. */
export const isRegistryImage = (image: string): boolean =>
    /(?:^|\/)(?:registry|distribution|docker-registry)(?::[^/]*)?(?:@.*)?$/.test(image);
