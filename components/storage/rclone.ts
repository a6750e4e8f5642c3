/**
 * A store elsewhere as rclone reaches it: it tells when an object was written, which the registry does not. Options: rclone.org/s3,
 * rclone.org/azureblob, rclone.org/googlecloudstorage. Pure.
 */

type Options = Record<string, unknown>;

const text = (value: unknown): string | undefined =>
    value === undefined || value === "" ? undefined : String(value as string);

/**
 * What rclone has behind `https://ACCOUNT.`.
 *
 * @throws Error where the service is reached by another kind of URL
 */
function azureEndpoint({ accountname, serviceurl, realm }: Options): string | undefined {
    const url = text(serviceurl);
    if (url === undefined) return realm === undefined ? undefined : `blob.${text(realm)}`;
    const start = `https://${text(accountname)}.`;
    const endpoint = url.replace(/\/+$/, "");
    if (endpoint.startsWith(start) && !endpoint.slice(start.length).includes("/"))
        return endpoint.slice(start.length);
    throw new Error(
        `storage.azure.serviceUrl is ${url}, and rclone, which reads the store for this command, reaches ${start}HOST alone`,
    );
}

function section(driver: string, of: Options): Record<string, string | undefined> {
    if (driver === "s3") {
        const own = of.accesskey !== undefined;
        return {
            type: "s3",
            provider: of.regionendpoint === undefined ? "AWS" : "Other",
            env_auth: String(!own),
            access_key_id: text(of.accesskey),
            secret_access_key: text(of.secretkey),
            region: text(of.region),
            endpoint: text(of.regionendpoint),
            force_path_style: String(of.forcepathstyle === true),
            // For what a restore writes.
            ...(of.encrypt === true
                ? {
                      server_side_encryption: of.keyid === undefined ? "AES256" : "aws:kms",
                      sse_kms_key_id: text(of.keyid),
                  }
                : {}),
            storage_class: text(of.storageclass),
        };
    }
    if (driver === "azure") {
        const { tenantid, clientid, secret } = (of.credentials ?? {}) as Options;
        const key = text(of.accountkey);
        return {
            type: "azureblob",
            account: text(of.accountname),
            key,
            endpoint: azureEndpoint(of),
            ...(clientid === undefined
                ? { env_auth: key === undefined ? "true" : undefined }
                : { tenant: text(tenantid), client_id: text(clientid), client_secret: text(secret) }),
        };
    }
    const keyFile = text(of.keyfile);
    return {
        type: "google cloud storage",
        service_account_file: keyFile,
        env_auth: keyFile === undefined ? "true" : undefined,
    };
}

export interface Remote {
    /** rclone.conf; secret. */
    conf: string;
    /** Of the folder that has `docker/registry/v2` in it, as rclone names it. */
    root: string;
    /** Any certificate is taken. */
    anyCertificate: boolean;
}

/** @param storage the part of the registry's config.yml. @returns nothing where the images are in files */
export function remoteOf(storage: Options): Remote | undefined {
    const driver = ["s3", "azure", "gcs"].find((one) => storage[one] !== undefined);
    if (driver === undefined) return undefined;
    const of = storage[driver] as Options;
    const lines = Object.entries(section(driver, of)).flatMap(([key, value]) =>
        value === undefined ? [] : [`${key} = ${value}`],
    );
    const bucket = text(driver === "azure" ? of.container : of.bucket) ?? "";
    const folder = (text(of.rootdirectory) ?? "").replace(/^\/+|\/+$/g, "");
    return {
        conf: ["[store]", ...lines, ""].join("\n"),
        root: ["store:" + bucket, folder].filter((part) => part !== "").join("/"),
        anyCertificate: of.skipverify === true,
    };
}
