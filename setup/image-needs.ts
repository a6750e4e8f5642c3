import { NEXUS_IMAGE } from "../components/nexus/plan";
import type { Endpoint } from "../engine/endpoint";
import { buildImage, type GoImage, REGISTRY, REGSYNC } from "./image-build";
import { type DebianImage, buildDebianImage } from "./image-debian";
import type { Machine } from "./machine";
import type { EarlySettings } from "./stack";
import {
    DEFAULT_ACME_IMAGE,
    DEFAULT_BACKUP_IMAGE,
    DEFAULT_CACHE_IMAGE,
    DEFAULT_FRONT_IMAGE,
    DEFAULT_IMAGE,
    DEFAULT_SYNC_IMAGE,
    RCLONE_IMAGE,
} from "../address/default-images";

/** An image that a stack runs. */
export interface ImageNeed {
    /** What it is, for messages: "Registry image". */
    title: string;
    image: string;
    /** Configuration key that names it. */
    key: string;
    /** The image where that key is not set, and the only one that may be built. */
    fallback: string;
    /** Makes it where it can be had nowhere. */
    build?: (() => Promise<void>) | undefined;
}

/** The same paths as in the official image, as far as the kit uses them. */
const NGINX: DebianImage = {
    packages: ["nginx", "nginx-common"],
    main: "nginx",
    folders: ["var/log", "var/log/nginx", "var/lib/nginx", "var/cache", "var/cache/nginx"],
    changes: ['CMD ["nginx","-g","daemon off;"]', "EXPOSE 80"],
};

const REDIS: DebianImage = {
    // The server's program is in the package of the tools.
    packages: ["redis-server", "redis-tools"],
    main: "redis-server",
    folders: ["data"],
    changes: ['CMD ["redis-server"]', "EXPOSE 6379"],
};

const RCLONE: DebianImage = {
    packages: ["rclone", "ca-certificates"],
    main: "rclone",
    changes: ['ENTRYPOINT ["rclone"]'],
};

const RESTIC: DebianImage = {
    packages: ["restic", "openssh-client", "ca-certificates"],
    main: "restic",
    changes: ['ENTRYPOINT ["/usr/bin/restic"]'],
};

const LEGO: DebianImage = {
    packages: ["lego", "ca-certificates"],
    main: "lego",
    changes: ['ENTRYPOINT ["/usr/bin/lego"]'],
};

/** The images that a stack with these settings runs, the registry's first. */
export function neededImages(machine: Machine, engine: Endpoint, settings: EarlySettings): ImageNeed[] {
    const need = (
        title: string,
        key: string,
        configured: string | undefined,
        fallback: string,
        build?: (image: string) => Promise<void>,
    ): ImageNeed => {
        const image = configured ?? fallback;
        return {
            title,
            key,
            image,
            fallback,
            build: build && image === fallback ? () => build(image) : undefined,
        };
    };
    const debian = (recipe: DebianImage) => (image: string) =>
        buildDebianImage(machine, engine, image, recipe);
    const go = (recipe: GoImage) => (image: string) => buildImage(machine, engine, image, recipe);
    const needs = [need(REGISTRY.title, "image", settings.image, DEFAULT_IMAGE, go(REGISTRY))];
    if (settings.front) {
        needs.push(
            need("Front image", "front.image", settings.frontImage, DEFAULT_FRONT_IMAGE, debian(NGINX)),
        );
    }
    if (settings.cache) {
        needs.push(
            need(
                "Cache image",
                "cache.valkey.image",
                settings.cacheImage,
                DEFAULT_CACHE_IMAGE,
                debian(REDIS),
            ),
        );
    }
    if (settings.rclone)
        needs.push(need("Image of rclone", "imageMirror", undefined, RCLONE_IMAGE, debian(RCLONE)));
    if (settings.backup)
        needs.push(
            need("Backup image", "backup.image", settings.backupImage, DEFAULT_BACKUP_IMAGE, debian(RESTIC)),
        );
    if (settings.acme)
        needs.push(
            need("Image of lego", "tls.acme.image", settings.acmeImage, DEFAULT_ACME_IMAGE, debian(LEGO)),
        );
    if (settings.sync)
        needs.push(need(REGSYNC.title, "sync.image", settings.syncImage, DEFAULT_SYNC_IMAGE, go(REGSYNC)));
    // Its source is Sonatype's alone.
    if (settings.nexus) needs.push(need("Nexus image", "nexus.image", settings.nexusImage, NEXUS_IMAGE));
    return needs;
}
