/** Rules about where the images lie. */
import { type Mistake, mistake as mistakeAt, removeCommand, setCommand } from "./mistakes";
import { readJsonText } from "./pem";
import type { Partial } from "./rules";
import { trustMistakes } from "./rules-certificates";
import type { Schema } from "./schema";

type Storage = Schema["storage"];
type Driver = Storage["driver"];

const mistake = (path: readonly PropertyKey[], problem: string, fix: string): Mistake =>
    mistakeAt(["storage", ...path], problem, fix);
const remove = (...path: string[]) => removeCommand(["storage", ...path]);
const set = (path: readonly string[], example: string, secret = false) =>
    setCommand(["storage", ...path], { example, secret });

/** Keys that a driver has → what each means where it is not set. */
const DRIVER_KEYS: Readonly<Record<Exclude<Driver, "filesystem">, Readonly<Record<string, unknown>>>> = {
    s3: { encrypt: false, storageClass: "STANDARD", skipVerify: false },
    azure: { credentials: {} },
    gcs: {},
};

const isSet = (value: unknown, initially: unknown): boolean =>
    value !== undefined && JSON.stringify(value) !== JSON.stringify(initially);

/** What is set for another driver than the chosen one. */
function foreign(storage: Storage): Mistake[] {
    const chosen = storage.driver;
    const found: string[][] = [];
    for (const [driver, initially] of Object.entries(DRIVER_KEYS)) {
        if (driver === chosen) continue;
        const options = Object.entries(storage[driver as keyof typeof DRIVER_KEYS]);
        found.push(
            ...options.filter(([key, value]) => isSet(value, initially[key])).map(([key]) => [driver, key]),
        );
    }
    if (chosen === "filesystem") {
        if (storage.redirect) found.push(["redirect"]);
    } else found.push(...["volume", "path"].filter((key) => key in storage).map((key) => [key]));
    return found.map((path) =>
        mistake(path, `is set, and storage.driver ${chosen} does not use it`, remove(...path)),
    );
}

function needed(storage: Storage, driver: keyof typeof DRIVER_KEYS, keys: Record<string, string>): Mistake[] {
    const options: Readonly<Record<string, unknown>> = storage[driver];
    return Object.entries(keys)
        .filter(([key]) => !options[key])
        .map(([key, example]) =>
            mistake(
                [driver, key],
                `is not set; storage.driver ${driver} needs it`,
                set([driver, key], example),
            ),
        );
}

/** Both of two keys, or none. */
function together(
    driver: "s3",
    one: readonly [key: string, value: unknown],
    other: readonly [key: string, value: unknown],
): Mistake[] {
    const [lacking, present] = one[1] ? [other, one] : [one, other];
    if (Boolean(one[1]) === Boolean(other[1])) return [];
    const problem = `is not set, and storage.${driver}.${present[0]} is; the store needs both, or none for the machine's role`;
    return [mistake([driver, lacking[0]], problem, set([driver, lacking[0]], "KEY", true))];
}

function s3(storage: Storage): Mistake[] {
    const { endpoint, accessKey, secretKey, encrypt, keyId, ca, skipVerify } = storage.s3;
    const mistakes = [
        ...needed(storage, "s3", {
            bucket: "registry-images",
            ...(endpoint === undefined ? { region: "eu-central-1" } : {}),
        }),
        ...together("s3", ["accessKey", accessKey], ["secretKey", secretKey]),
        ...(ca === undefined ? [] : trustMistakes(["storage", "s3", "ca"], ca, "./store-ca.crt")),
    ];
    if (keyId !== undefined && !encrypt)
        mistakes.push(
            mistake(
                ["s3", "keyId"],
                "is set, and storage.s3.encrypt is false",
                set(["s3", "encrypt"], "true"),
            ),
        );
    for (const [key, on] of Object.entries({ ca: ca !== undefined, skipVerify })) {
        if (on && !endpoint?.startsWith("https:"))
            mistakes.push(
                mistake(["s3", key], "is set, and storage.s3.endpoint is no https:// URL", remove("s3", key)),
            );
    }
    if (ca !== undefined && skipVerify)
        mistakes.push(
            mistake(
                ["s3", "skipVerify"],
                "is true beside storage.s3.ca, which it would make useless",
                remove("s3", "skipVerify"),
            ),
        );
    return mistakes;
}

function azure(storage: Storage): Mistake[] {
    const { accountKey, credentials } = storage.azure;
    const mistakes = needed(storage, "azure", {
        accountName: "exampleaccount",
        container: "registry-images",
    });
    const keys = ["tenantId", "clientId", "secret"] as const;
    const lacking = keys.filter((key) => !credentials[key]);
    if (accountKey && lacking.length < keys.length)
        mistakes.push(
            mistake(
                ["azure"],
                "has both accountKey and credentials; one of them logs in",
                remove("azure", "credentials"),
            ),
        );
    else if (lacking.length < keys.length)
        mistakes.push(
            ...lacking.map((key) =>
                mistake(
                    ["azure", "credentials", key],
                    "is not set; a service principal has tenantId, clientId and secret",
                    set(["azure", "credentials", key], key === "secret" ? "SECRET" : "ID", key === "secret"),
                ),
            ),
        );
    return mistakes;
}

function gcs(storage: Storage): Mistake[] {
    const mistakes = needed(storage, "gcs", { bucket: "registry-images" });
    const { keyFile } = storage.gcs;
    if (keyFile === undefined) return mistakes;
    const wrong = (problem: string) =>
        mistakes.push(
            mistake(["gcs", "keyFile"], problem, set(["gcs", "keyFile"], "./service-account.json", true)),
        );
    try {
        const key = JSON.parse(readJsonText(keyFile)) as Record<string, unknown> | null;
        // Neither message shows the value: it may be a key.
        if (key?.type !== "service_account" || !key.private_key || !key.client_email)
            wrong(
                "is no key of a service account: it lacks type service_account, client_email or private_key",
            );
    } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        wrong(code === undefined ? "is no JSON" : `names a file that cannot be read: ${code}`);
    }
    return mistakes;
}

/** Every mistake about the storage. */
export function storageRules({ storage }: Partial): Mistake[] {
    if (storage === undefined) return [];
    const mistakes = foreign(storage);
    switch (storage.driver) {
        case "filesystem":
            if (storage.volume && storage.path)
                mistakes.push(
                    mistake(
                        [],
                        `has both volume "${storage.volume}" and path "${storage.path}"; one of them holds the images`,
                        remove("path"),
                    ),
                );
            return mistakes;
        case "s3":
            return [...mistakes, ...s3(storage)];
        case "azure":
            return [...mistakes, ...azure(storage)];
        case "gcs":
            return [...mistakes, ...gcs(storage)];
    }
}
