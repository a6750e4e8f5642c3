/** A restic repository: how restic is told of it, and what its refusals mean. Pure. */
import { shellWord } from "../../text/shell";
import { withoutPasswords } from "../../text/redact";
import { SECRETS } from "../shared/job";
import type { BackupOptions } from "../../components/backup/options";

export type Repository = Pick<
    BackupOptions,
    "repository" | "password" | "environment" | "sshKey" | "knownHosts" | "ca"
> & { repository: string; password: string };

/** Where a repository in a folder of the Docker host is mounted. */
export const REPOSITORY_FOLDER = "/repository";

/** Whether it is a folder of the Docker host. */
export const isFolder = ({ repository }: Pick<Repository, "repository">) => repository.startsWith("/");

/** As it may be shown. */
export const shownRepository = ({ repository }: Pick<Repository, "repository">) =>
    withoutPasswords(repository);

/** `sftp:user@host:folder` and `sftp://user@host:port/folder`: the words of ssh that name the host. */
export function sshTarget(repository: string): string[] {
    const url = /^sftp:\/\/([^/]+)\//.exec(repository)?.[1];
    if (url !== undefined) {
        const [, host = "", port] = /^(.*?)(?::(\d+))?$/.exec(url) ?? [];
        return [...(port === undefined ? [] : ["-p", port]), host];
    }
    return [repository.replace(/^sftp:/, "").replace(/:.*$/, "")];
}

/** What restic is given in every call. */
export function resticOptions(at: Repository): string[] {
    // What it would keep for the next time goes with its container; from a folder it reads as fast.
    const cache = isFolder(at) ? ["--no-cache"] : ["--cache-dir", "/job/cache"];
    if (!at.repository.startsWith("sftp:")) return cache;
    const ssh = [
        ...["ssh", "-F", "/dev/null", "-i", `${SECRETS}/key`, "-o", `UserKnownHostsFile=${SECRETS}/hosts`],
        ...["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20"],
        ...[...sshTarget(at.repository), "-s", "sftp"],
    ];
    return [...cache, "-o", `sftp.command=${ssh.map(shellWord).join(" ")}`];
}

/** The files by which a job knows its repository, name → content. */
export function secretFiles(at: Repository): Record<string, string> {
    const variables = {
        ...at.environment,
        RESTIC_REPOSITORY: isFolder(at) ? REPOSITORY_FOLDER : at.repository,
        // Beside the folder of the system's own (crypto/x509, loadSystemRoots).
        ...(at.ca === undefined ? {} : { SSL_CERT_FILE: `${SECRETS}/ca` }),
    };
    const lines = Object.entries(variables).map(
        ([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`,
    );
    const ended = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);
    return {
        password: at.password,
        environment: `${lines.join("\n")}\n`,
        ...(at.sshKey === undefined ? {} : { key: ended(at.sshKey) }),
        ...(at.ca === undefined ? {} : { ca: ended(at.ca) }),
        ...(at.knownHosts === undefined ? {} : { hosts: ended(at.knownHosts) }),
    };
}

/** Whether restic says that there is no repository yet. */
export const isNone = (said: string): boolean =>
    /Is there a repository at the following location|repository does not exist|unable to open config file[^]*(no such file|not exist|NoSuchKey|404)/i.test(
        said,
    );

/** Whether restic says that somebody has the repository locked. */
export const isLocked = (said: string): boolean =>
    /already locked|unable to create lock|repository is locked/i.test(said);

const KINDS: readonly (readonly [said: RegExp, sentence: (where: string, host: string) => string])[] = [
    [
        /wrong password or no key found/i,
        (where) =>
            `The password is not the one of the repository ${where}: its own was set when the first backup made it (backup.password; ` +
            "RESTIC_PASSWORD for a restore from elsewhere)",
    ],
    [
        /no space left on device|disk quota exceeded|ENOSPC|QuotaExceeded/i,
        (where, host) =>
            `There is no space left for the repository ${where}, or on the disk of ${host}: make room there, or keep fewer ` +
            "(pulumi config set --path backup.keep.monthly 6, npm run up), and run the same command again. Earlier backups are whole",
    ],
    [
        /REMOTE HOST IDENTIFICATION|Host key verification failed/i,
        (where) =>
            `The server of ${where} is not the one in backup.knownHosts. Make sure of its key (ssh-keyscan), then: ` +
            "pulumi config set --path backup.knownHosts LINE, npm run up",
    ],
    [
        /Permission denied \(publickey|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|request signature|\b401\b|\b403\b|Forbidden/i,
        (where) =>
            `The server of ${where} refuses the login. Look after backup.environment, or backup.sshKey for sftp:, then npm run up`,
    ],
    [
        /dial tcp|connection refused|no such host|i\/o timeout|Connection timed out|No route to host|Could not resolve|network is unreachable|connect: /i,
        (where, host) => `The repository ${where} cannot be reached from ${host}. Nothing there was changed`,
    ],
    [
        // What ssh itself said of it may be lost where it ends before restic reads that.
        /unable to start the sftp session/i,
        (where) =>
            `No ssh session came about with the server of ${where}: it is not the one in backup.knownHosts (ssh-keyscan), does not take ` +
            "backup.sshKey, or serves no sftp. Mend that, then npm run up",
    ],
    [
        // Where restic cannot read the folders of the last backup, it says no more than this.
        /source file could not be read/i,
        (where) =>
            `The registry's store, or the last backup in ${where}, is damaged, and not all of it could be read: npm run doctor -- --store ` +
            "looks at the store, npm run backup -- --mend mends the repository; nothing in it was removed",
    ],
    [
        /ciphertext verification failed|invalid data returned|hash mismatch|does not match|not found in (?:the )?index|failed to load|cannot decode|unexpected EOF|pack .*(?:not found|does not exist|missing|invalid|damaged|contained)|errors were found|invalid header|decrypt|is damaged|tree .* not found/i,
        (where) =>
            `The repository ${where} is damaged. npm run backup -- --mend stores what is missing anew, as far as the registry has it; ` +
            "nothing in it was removed",
    ],
    [
        /permission denied|operation not permitted|read-only file system/i,
        (where) => `The repository ${where} cannot be written to. Give root of the Docker host that right`,
    ],
];

/**
 * One sentence for a failure of restic.
 *
 * @param said all that it said
 * @param host where it ran, in words
 */
export function problemOf(at: Repository, said: string, host = "the Docker host"): string {
    const where = shownRepository(at);
    const kind = KINDS.find(([pattern]) => pattern.test(said));
    const words = withoutPasswords(said.trim().split("\n").filter(Boolean).at(-1) ?? "nothing")
        .replace(/^Fatal: /, "")
        .replace(/\.$/, "")
        .slice(0, 300);
    return kind === undefined
        ? `restic failed on the repository ${where}: ${words}.`
        : `${kind[1](where, host)} (${words}).`;
}
