/** The images that the tests run, as this machine's Engine has them: the official ones, else what the kit built instead. */
import { execFileSync } from "node:child_process";

import { imageToRun, listPath, type ListedImage } from "../../setup/stand-ins";
import {
    DEFAULT_BACKUP_IMAGE,
    DEFAULT_CACHE_IMAGE,
    DEFAULT_FRONT_IMAGE,
    DEFAULT_IMAGE,
    DEFAULT_SYNC_IMAGE,
} from "../../address/default-images";

const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8" });

/** Those that may be run alone: another test may be about to remove any other one. */
function listed(): ListedImage[] {
    const all = [
        ...[DEFAULT_IMAGE, DEFAULT_FRONT_IMAGE, DEFAULT_CACHE_IMAGE],
        ...[DEFAULT_BACKUP_IMAGE, DEFAULT_SYNC_IMAGE],
    ];
    const path = listPath(all) ?? "";
    const filters = new URLSearchParams(path.split("?")[1]).get("filters") ?? "";
    const { reference } = JSON.parse(filters) as { reference: string[] };
    const named = reference.flatMap((name) => ["--filter", `reference=${name}`]);
    const list = docker("image", "ls", "--quiet", "--no-trunc", ...named);
    const ids = [...new Set(list.split("\n").filter(Boolean))];
    if (ids.length === 0) return [];
    const format = `{"Id":{{json .Id}},"RepoTags":{{json .RepoTags}},"Labels":{{json .Config.Labels}},"Created":0}`;
    return docker("image", "inspect", "--format", format, ...ids)
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as ListedImage);
}

const images = listed();

export const REGISTRY_IMAGE = imageToRun(DEFAULT_IMAGE, images);
export const FRONT_IMAGE = imageToRun(DEFAULT_FRONT_IMAGE, images);
export const REDIS_IMAGE = imageToRun(DEFAULT_CACHE_IMAGE, images);
export const RESTIC_IMAGE = imageToRun(DEFAULT_BACKUP_IMAGE, images);
export const SYNC_IMAGE = imageToRun(DEFAULT_SYNC_IMAGE, images);
