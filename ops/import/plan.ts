/** What becomes of a registry's configuration: options of a stack, and what has none. Pure, but for the files of the source. */
import { isIP } from "node:net";

import { formatPath, type Path } from "../../components/definition/problem";
import { isTree, type Tree, valueAt } from "../../components/definition/tree";
import { conflicts } from "../../components/registry/config-yml";
import { OWNED_STORAGE } from "../../components/storage/storage";
import { SetupError, messageOf } from "../../setup/errors";

import { findCertificate, type Found } from "./certificates";
import { CONFIG_FILES, effective } from "./registry-config";
import type { Source } from "./source";

export interface Setting {
    path: Path;
    value: unknown;
    /** Where it comes from, for the screen; never a secret. */
    from: string;
}

export interface Plan {
    settings: Setting[];
    /** What has no place in the stack, and why; a sentence each. */
    leftOut: string[];
    /** What the user should know; a sentence each. */
    notes: string[];
}

/** Leaves of a tree with their paths; a list is a leaf. */
function leavesOf(tree: Tree, above: string[] = []): [path: string[], value: unknown][] {
    return Object.entries(tree).flatMap(([key, value]): [string[], unknown][] =>
        isTree(value) ? leavesOf(value, [...above, key]) : [[[...above, key], value]],
    );
}

const at = (tree: Tree, path: string): unknown => valueAt(tree, path.split("."));

const textAt = (tree: Tree, path: string): string | undefined => {
    const value = at(tree, path);
    return value === undefined || value === null || isTree(value) ? undefined : String(value);
};

/** Options of config.yml that have one of the same meaning. */
const SAME: Readonly<Record<string, Path>> = {
    "log.level": ["logLevel"],
    "log.formatter": ["logFormat"],
    "storage.delete.enabled": ["deleteEnabled"],
    "storage.maintenance.uploadpurging.age": ["uploadsKept"],
    "health.storagedriver.enabled": ["health", "enabled"],
    "health.storagedriver.interval": ["health", "interval"],
    "health.storagedriver.threshold": ["health", "threshold"],
    "auth.htpasswd.realm": ["realm"],
};

/** What the kit decides by itself, and would decide alike. */
const SILENT =
    /^(?:version|loglevel|http\.(?:addr|net|relativeurls|draintimeout|http2\.disabled|tls\.(?:certificate|key|minimumtls)|debug\.addr)|storage\.(?:cache\.\w+|filesystem\.rootdirectory|maintenance\.uploadpurging\.\w+)|auth\.htpasswd\.path|log\.accesslog\.disabled)$/;

/** Path of the configuration in the container: the last argument of `serve`, else where the images have it. */
async function configText(source: Source): Promise<{ path: string; text: string } | undefined> {
    const named = source.command.filter((word) => /^\/.*\.ya?ml$/.test(word));
    for (const path of [...named, ...CONFIG_FILES]) {
        const file = await source.readFile(path);
        if (file !== undefined) return { path, text: file.toString("utf8") };
    }
    return undefined;
}

/** Port and address at which clients reach it. */
function portSettings(source: Source, addr: string): Setting[] {
    const inside = Number(addr.split(":").at(-1));
    const published = source.ports.find(({ target }) => target === inside) ?? source.ports[0];
    if (published === undefined) return [];
    const from = `published port of the ${source.title.split(" ")[0]}`;
    return [
        { path: ["port"], value: published.port, from },
        ...(published.address === "" ? [] : [{ path: ["bindAddress"], value: published.address, from }]),
    ];
}

/** Where the images lie on the host. @throws SetupError where they lie in the container itself */
function folderSetting(source: Source, root: string): Setting {
    const [mount] = source.mounts
        .filter(({ target }) => root === target || root.startsWith(`${target.replace(/\/$/, "")}/`))
        .sort((a, b) => b.target.length - a.target.length);
    const rest = mount && root.slice(mount.target.replace(/\/$/, "").length);
    if (mount === undefined)
        throw new SetupError(
            `The images of ${source.title} lie in the container itself (${root}), and would go with it: copy them to a folder first, ` +
                `\`docker cp ${source.container ?? "CONTAINER"}:${root} /srv/registry\`, and import with --storage-folder /srv/registry.`,
        );
    if (!mount.isVolume)
        return {
            path: ["storage", "folder"],
            value: `${mount.source}${rest}`,
            from: `mounted at ${mount.target}`,
        };
    if (rest !== "")
        throw new SetupError(
            `The images of ${source.title} lie in a folder (${rest}) of the volume ${mount.source}, where no registry of the kit can have them: ` +
                "copy that folder to one of the host, and import with --storage-folder FOLDER.",
        );
    return { path: ["storage", "volume"], value: mount.source, from: `mounted at ${mount.target}` };
}

/** Of a service principal in Azure, whose options the kit has in an object. */
const AZURE: Readonly<Record<string, string>> = {
    "credentials.clientid": "storage.azure.credentials.clientId",
    "credentials.tenantid": "storage.azure.credentials.tenantId",
    "credentials.secret": "storage.azure.credentials.secret",
};

/** The store elsewhere: what the kit calls each of its options is written where it refuses the registry's own names. */
async function remoteSettings(source: Source, driver: string, options: Tree): Promise<Setting[]> {
    const settings: Setting[] = [];
    const from = `storage.${driver}`;
    const add = (path: string, value: unknown) => settings.push({ path: path.split("."), value, from });
    for (const [steps, value] of leavesOf(options)) {
        const name = steps.join(".");
        const option = OWNED_STORAGE[`${from}.${name}`] ?? (driver === "azure" ? AZURE[name] : undefined);
        if (name === "secure" || name === "credentials.type") continue;
        else if (name === "regionendpoint" && option !== undefined) {
            const scheme = /^https?:\/\//.test(String(value))
                ? ""
                : options.secure === false
                  ? "http://"
                  : "https://";
            add(option, `${scheme}${String(value)}`);
        } else if (name === "keyfile" && option !== undefined) {
            const file = await source.readFile(String(value));
            if (file === undefined)
                throw new SetupError(
                    `${String(value)} of ${source.title} cannot be read: it is the key of the store.`,
                );
            add(option, file.toString("utf8"));
        } else if (option !== undefined)
            add(option, name === "rootdirectory" ? String(value).replace(/^\/|\/$/g, "") : value);
        else add(`registryConfig.${from}.${name}`, value);
    }
    return settings.filter(({ path, value }) => !(path.at(-1) === "rootFolder" && value === ""));
}

/** @throws SetupError where the file is not there, or tells no user that the registry would let in */
async function userSettings(
    source: Source,
    path: string,
): Promise<{ settings: Setting[]; leftOut: string[] }> {
    const file = await source.readFile(path);
    if (file === undefined)
        throw new SetupError(`The users of ${source.title} are in ${path}, which cannot be read.`);
    const settings: Setting[] = [];
    const leftOut: string[] = [];
    for (const line of file.toString("utf8").split(/\r?\n/)) {
        if (line.trim() === "" || line.startsWith("#")) continue;
        const colon = line.indexOf(":");
        const [user, hash] = [line.slice(0, colon), line.slice(colon + 1).trim()];
        // Others than bcrypt the registry itself passes over.
        if (/^\$2[aby]\$/.test(hash))
            settings.push({ path: ["users", user, "bcryptHash"], value: hash, from: path });
        else
            leftOut.push(
                `the user ${user} of ${path}: its hash is no bcrypt, and the registry never let it in`,
            );
    }
    if (settings.length === 0)
        throw new SetupError(`${path} of ${source.title} has no user with a bcrypt hash.`);
    return { settings, leftOut };
}

const isLocal = (name: string) => name === "localhost" || name === "127.0.0.1" || name === "::1";

/** The certificate and the names in it. */
function tlsSettings(found: Found, file: string): { settings: Setting[]; notes: string[] } {
    const { certPem, keyPem, ca } = found;
    if (ca?.keyPem !== undefined)
        return {
            settings: [
                { path: ["tls", "ownCa", "cert"], value: ca.pem, from: `beside ${file}` },
                { path: ["tls", "ownCa", "key"], value: ca.keyPem, from: `beside ${file}` },
            ],
            notes: [
                `The CA (${ca.subject}) and its key came along: the kit signs a new site certificate with it and renews that; clients go on trusting the CA.`,
            ],
        };
    return {
        settings: [
            { path: ["tls", "files", "cert"], value: certPem, from: file },
            { path: ["tls", "files", "key"], value: keyPem, from: file },
            ...(ca === undefined
                ? []
                : [{ path: ["tls", "files", "chain"], value: ca.pem, from: `beside ${file}` }]),
        ],
        notes: [
            "The certificate came along, and not the key of what signed it: nobody renews it but you (docs/certificates.md).",
        ],
    };
}

export interface Wishes {
    domain?: string | undefined;
    /** Where the images were copied to. */
    storageFolder?: string | undefined;
}

/** Domain and further names: the wish, else what the certificate has, else the URL in the configuration. */
function nameSettings(
    wish: string | undefined,
    found: Found | undefined,
    host: string | undefined,
    title: string,
): Setting[] {
    const names = (found?.names ?? []).filter((name) => !isLocal(name) && !name.includes("*"));
    const addresses = (found?.addresses ?? []).filter((one) => !isLocal(one));
    const [domain, from] =
        wish !== undefined
            ? [wish, "--domain"]
            : names[0] !== undefined
              ? [names[0], "the certificate"]
              : host !== undefined
                ? [new URL(host).hostname, "http.host"]
                : [addresses[0], "the certificate"];
    if (domain === undefined)
        throw new SetupError(
            `Nothing in ${title} tells the name by which clients reach it: give it with --domain docker.example.com, or an address with --domain 192.0.2.10.`,
        );
    const others = names.filter((name) => name !== domain);
    const ips = addresses.filter((one) => one !== domain);
    return [
        { path: ["domain"], value: domain, from },
        ...(others.length === 0 ? [] : [{ path: ["dnsNames"], value: others, from: "the certificate" }]),
        ...(ips.length === 0 ? [] : [{ path: ["ipAddresses"], value: ips, from: "the certificate" }]),
    ];
}

/**
 * The options of a stack that is to take a registry's place.
 *
 * @throws SetupError where something of it cannot be taken over, with what to do
 */
export async function planOf(source: Source, wishes: Wishes): Promise<Plan> {
    const file = await configText(source);
    const where = file?.path ?? "the image's own configuration";
    let tree: Tree;
    try {
        tree = effective(file?.text, source.environment);
    } catch (error) {
        throw new SetupError(`${where} of ${source.title} cannot be read: ${messageOf(error)}`);
    }
    const upstream = textAt(tree, "proxy.remoteurl");
    if (upstream !== undefined)
        throw new SetupError(
            `${source.title} is a pull-through cache of ${upstream}, which is a mirror in the kit: \`pulumi config set --path mirrors.hub.upstream ${upstream}\` (docs/mirrors.md).`,
        );
    const auth = isTree(tree.auth)
        ? Object.keys(tree.auth).find((name) => name !== "htpasswd" && name !== "none")
        : undefined;
    if (auth !== undefined)
        throw new SetupError(
            `${source.title} asks another service who its users are (auth.${auth}), which the kit cannot: its users are an htpasswd file.`,
        );

    const settings: Setting[] = [];
    const leftOut: string[] = [];
    const notes: string[] = [];
    const certificate = textAt(tree, "http.tls.certificate");
    const key = textAt(tree, "http.tls.key");
    const found = certificate && key ? await findCertificate(source, certificate, key) : undefined;
    if (certificate !== undefined && found === undefined)
        throw new SetupError(
            `The certificate of ${source.title} (${certificate}) or its key (${key ?? "not set"}) cannot be read.`,
        );
    settings.push(...nameSettings(wishes.domain, found, textAt(tree, "http.host"), source.title));
    settings.push(...portSettings(source, textAt(tree, "http.addr") ?? ":5000"));
    if (found !== undefined && certificate !== undefined) {
        const tls = tlsSettings(found, certificate);
        settings.push(...tls.settings);
        notes.push(...tls.notes);
    } else {
        settings.push({ path: ["tls", "off"], value: true, from: where });
        notes.push(
            "It speaks plain HTTP, and goes on to: `pulumi config rm --path tls.off` gives it a CA and a certificate, which clients then have to trust.",
        );
    }

    const users = textAt(tree, "auth.htpasswd.path");
    if (users === undefined) settings.push({ path: ["auth"], value: false, from: `${where} has no users` });
    else {
        const read = await userSettings(source, users);
        settings.push(...read.settings);
        leftOut.push(...read.leftOut);
    }

    const storage = isTree(tree.storage) ? tree.storage : {};
    const driver = ["s3", "azure", "gcs"].find((name) => name in storage);
    const foreign = ["swift", "oss", "inmemory"].find((name) => name in storage);
    if (foreign !== undefined)
        throw new SetupError(
            `The images of ${source.title} lie in ${foreign}, which release 3 of the registry does not have (docs/storage.md).`,
        );
    if (driver !== undefined) {
        const options = storage[driver];
        settings.push(...(await remoteSettings(source, driver, isTree(options) ? options : {})));
    } else
        settings.push(
            wishes.storageFolder === undefined
                ? folderSetting(
                      source,
                      textAt(tree, "storage.filesystem.rootdirectory") ?? "/var/lib/registry",
                  )
                : { path: ["storage", "folder"], value: wishes.storageFolder, from: "--storage-folder" },
        );

    const fields = at(tree, "log.fields");
    if (isTree(fields)) settings.push({ path: ["logFields"], value: fields, from: where });
    const accessLog = at(tree, "log.accesslog.disabled");
    if (accessLog === false) settings.push({ path: ["accessLog"], value: true, from: where });
    const headers = at(tree, "http.headers");
    if (isTree(headers)) settings.push({ path: ["headers"], value: headers, from: where });

    const extra: Tree = {};
    for (const [steps, value] of leavesOf(tree)) {
        const path = steps.join(".");
        const same = SAME[path];
        if (same !== undefined) settings.push({ path: same, value, from: where });
        else if (path === "http.secret")
            leftOut.push(
                "http.secret: the kit makes one; an upload that is under way at the move begins anew",
            );
        else if (path === "http.host")
            leftOut.push(
                "http.host: the kit's registry answers with relative URLs, which are right under every name",
            );
        else if (
            SILENT.test(path) ||
            /^(?:log\.fields|http\.headers|auth)\./.test(path) ||
            (driver && path.startsWith(`storage.${driver}.`))
        )
            continue;
        else {
            const [conflict] = conflicts(
                steps.reduceRight<unknown>((below, step) => ({ [step]: below }), value) as Tree,
            );
            if (conflict === undefined) extra[path] = value;
            else leftOut.push(`${path}: the kit sets it; change ${conflict.instead}`);
        }
    }
    for (const [path, value] of Object.entries(extra))
        settings.push({ path: ["registryConfig", ...path.split(".")], value, from: where });
    if (isIP(String(settings[0]?.value)) !== 0)
        notes.push("Clients reach it by an address; a name would outlive a move to another machine.");
    return { settings, leftOut, notes };
}

/** What a setting looks like on the screen: PEM by its kind, secrets not at all. */
export function shownSetting({ path, value }: Setting, secret: boolean): string {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const shown = secret ? "(secret)" : text.startsWith("-----BEGIN") ? "(PEM)" : text;
    return `${formatPath(path)} = ${shown}`;
}
