/** The options of the backup: where it goes, how long it is kept (docs/backup.md). */
import * as z from "zod";

import { DEFAULT_BACKUP_IMAGE } from "../../address/default-images";

import type { Rule } from "../definition/check";
import { option, section } from "../definition/option";
import { problem, set } from "../definition/problem";
import { IMAGE_ALLOWED, imageName, PEM_ALLOWED, text, YES_OR_NO } from "../definition/values";
import type { Options } from "../options";

/** A folder of the Docker host, or one of restic's own kinds (restic.readthedocs.io, "Preparing a new repository"). */
const REPOSITORY = /^(\/[^:\n]*|(sftp|rest|s3|b2|azure|gs|swift|rclone):\S+)$/;

const kept = (standard: number, unit: string) =>
    option(z.int().min(0).default(standard), {
        description: `Backups that are kept, the last one of a ${unit} each`,
        allowed: "a whole number from 0",
        example: standard,
    });

const backup = {
    repository: option(z.string().regex(REPOSITORY), {
        description: "Where the backups go: a restic repository, which the first backup makes",
        allowed:
            "an absolute path of the Docker host without a colon, or a repository of restic's (sftp:, rest:, s3:, b2:, azure:, gs:, swift:, rclone:)",
        example: "/srv/backup",
    }),
    password: option(
        text.refine((value) => value !== ""),
        {
            description:
                "Password of the repository, by which all in it is encrypted; without a copy of it no backup can be read",
            allowed: "a string",
            example: "PASSWORD",
            secret: true,
        },
    ),
    environment: option(
        z
            .record(
                z
                    .string()
                    .regex(/^[A-Z_][A-Z0-9_]*$/)
                    // Those are the kit's own.
                    .refine((name) => !/^RESTIC_(REPOSITORY|PASSWORD)/.test(name)),
                text,
            )
            .default({}),
        {
            description: "Variables by which restic logs in to the repository, such as AWS_ACCESS_KEY_ID",
            allowed: "an object of variables, without RESTIC_REPOSITORY and RESTIC_PASSWORD",
            example: { AWS_ACCESS_KEY_ID: "KEY", AWS_SECRET_ACCESS_KEY: "SECRET" },
            secret: true,
        },
    ),
    sshKey: option(z.string().min(1).optional(), {
        description: "Private key without a passphrase, by which an sftp: repository is reached",
        default: "none; an sftp: repository needs it",
        allowed: PEM_ALLOWED,
        example: "./backup-key",
        file: "pem",
        secret: true,
    }),
    knownHosts: option(z.string().min(1).optional(), {
        description: "Lines of known_hosts by which the server of an sftp: repository is known (ssh-keyscan)",
        default: "none; an sftp: repository needs it",
        allowed: "lines of a known_hosts file",
        example: "backup.example.com ssh-ed25519 KEY",
    }),
    ca: option(z.string().min(1).optional(), {
        description: "Certificate authority of the repository's server",
        default: "those that everyone trusts",
        allowed: PEM_ALLOWED,
        example: "./backup-ca.crt",
        file: "pem",
    }),
    keep: option(
        z
            .strictObject({ daily: kept(7, "day"), weekly: kept(5, "week"), monthly: kept(12, "month") })
            .prefault({}),
        {
            description: "How many backups are kept; the last three always",
            allowed: "an object of daily, weekly, monthly",
            example: { daily: 14 },
        },
    ),
    escrow: option(z.boolean().default(false), {
        description:
            "The backup has the passphrase of the stack's secrets too: then its own password alone brings everything back",
        allowed: YES_OR_NO,
        example: true,
    }),
    image: option(imageName.default(DEFAULT_BACKUP_IMAGE), {
        description: "Image of restic, 0.14 or newer",
        allowed: IMAGE_ALLOWED,
        example: DEFAULT_BACKUP_IMAGE,
    }),
};

export const backupOptions = {
    backup: option(section(backup), {
        description: "Backups by `npm run backup` (docs/backup.md)",
        default: "none",
        allowed: "an object (backup.*)",
        example: { repository: "/srv/backup", password: "PASSWORD" },
        secret: true,
    }),
};

/** What `npm run backup` is told. */
export type BackupOptions = NonNullable<z.output<(typeof backupOptions)["backup"]>>;

const at = (key: keyof BackupOptions) => ["backup", key];

const backupRule: Rule<Options> = ({ backup: given }) => {
    if (given === undefined) return [];
    const needed = (key: "sshKey" | "knownHosts", how: string, example: string) =>
        given[key] || !given.repository.startsWith("sftp:")
            ? []
            : [
                  problem(
                      at(key),
                      `is not set; an sftp: repository needs it${how}`,
                      set(at(key), example, key === "sshKey"),
                  ),
              ];
    return [
        ...needed("sshKey", "", "./backup-key"),
        ...needed("knownHosts", " (ssh-keyscan HOST)", "backup.example.com ssh-ed25519 KEY"),
    ];
};

export const backupRules: readonly Rule<Options>[] = [backupRule];
