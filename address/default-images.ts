/** The images that the kit deploys where no others are named: current stable lines under free licences. */

/** Of the registry, and of the mirrors. */
export const DEFAULT_IMAGE = "registry:3.1.2";
/** Of the front. */
export const DEFAULT_FRONT_IMAGE = "nginx:1.30";
/** Of the cache. */
export const DEFAULT_CACHE_IMAGE = "valkey/valkey:8.1";
/** Of what looks into a store elsewhere, for the commands that need it. */
export const RCLONE_IMAGE = "rclone/rclone:1.69.1";
/** Of the backups. */
export const DEFAULT_BACKUP_IMAGE = "restic/restic:0.18.1";
/** Of what asks a directory for certificates (`tls.acme`): the last line whose commands Debian's lego has too. */
export const DEFAULT_ACME_IMAGE = "goacme/lego:v4.25.2";
/** Of what copies from and to other registries. With a shell: the job takes its logins into memory. */
export const DEFAULT_SYNC_IMAGE = "regclient/regsync:v0.11.7-alpine";
