/** What the registry's log says is wrong with its storage, as one sentence with the fix. */
import { mended } from "../definition/mend";
import { set } from "../definition/problem";

import { CHECK_FAILED } from "../storage/check";

/** Words of the drivers and of the kernel → what they mean. The first that fits counts. */
const PROBLEMS: readonly (readonly [words: RegExp, meaning: () => string])[] = [
    [
        /NoSuchBucket|bucket doesn't exist|bucket does not exist|ContainerNotFound/,
        () =>
            "the bucket or container does not exist: create it, or name another (storage.azure.container, storage.gcs.bucket): " +
            mended(set(["storage", "s3", "bucket"], "NAME")),
    ],
    [
        /InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|AuthorizationHeaderMalformed|Forbidden|AuthenticationFailed|AuthorizationFailure|invalid_grant|status code: 40[13]/,
        () =>
            "the store refuses the key: it is wrong, or may not write there. Set the right one (accessKey, storage.azure.accountKey, storage.gcs.keyFile): " +
            mended(set(["storage", "s3", "secretKey"], "KEY", true)),
    ],
    [
        /NoCredentialProviders|could not find default credentials|DefaultAzureCredential/,
        () =>
            "no key is set and this machine has no role for the store: set one (storage.azure.accountKey, storage.gcs.keyFile): " +
            mended(
                set(["storage", "s3", "accessKey"], "KEY"),
                set(["storage", "s3", "secretKey"], "KEY", true),
            ),
    ],
    [
        /x509:|tls: failed to verify/,
        () =>
            "the certificate of the store is not trusted: give its authority: " +
            mended(set(["storage", "s3", "ca"], "./store-ca.crt")),
    ],
    [
        /connection refused|no such host|no route to host|network is unreachable|i\/o timeout|does not answer|server misbehaving|context (canceled|deadline exceeded)/,
        () =>
            "the store does not answer at its address: start it, or set the right one (storage.azure.serviceUrl): " +
            mended(set(["storage", "s3", "endpoint"], "URL")),
    ],
    [
        /Permission denied|Read-only file system|Operation not permitted/,
        () =>
            "root of the Docker host may not write into the folder: give the folder to root (chown root FOLDER && chmod u+rwx FOLDER), " +
            `or name another: ${mended(set(["storage", "folder"], "FOLDER"))}`,
    ],
    [/No space left on device|Disk quota exceeded/, () => "the disk is full: free space on the Docker host"],
];

/**
 * The sentence for a container that did not become healthy.
 *
 * @param log its last lines
 * @returns nothing where its storage was not what failed
 */
export function storageProblem(log: string): string | undefined {
    const at = log.lastIndexOf(CHECK_FAILED);
    if (at < 0) return undefined;
    const said = log.slice(at + CHECK_FAILED.length);
    const meaning = PROBLEMS.find(([words]) => words.test(said))?.[1];
    return meaning === undefined ? undefined : `Images cannot be written: ${meaning()}.`;
}
