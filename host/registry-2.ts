/** Options of registry 3 in the form that 2.8 reads (distribution v2.8.3, configuration/configuration.go). */
import { isTree, type Tree } from "../components/definition/tree";

/**
 * What 2.8 reads; `true` stands for anything below. It skips all else without a word. The drivers azure and gcs are
 * left out: Debian builds its package without them.
 */
type Known = true | { readonly [option: string]: Known };

const KNOWN: Known = {
    version: true,
    log: { accesslog: { disabled: true }, level: true, formatter: true, fields: true, hooks: true },
    storage: {
        filesystem: { rootdirectory: true, maxthreads: true },
        inmemory: true,
        s3: Object.fromEntries(
            [
                "accesskey secretkey region regionendpoint bucket encrypt keyid secure skipverify v4auth",
                "chunksize multipartcopychunksize multipartcopymaxconcurrency multipartcopythresholdsize",
                "rootdirectory storageclass useragent objectacl",
            ]
                .join(" ")
                .split(" ")
                .map((option) => [option, true as const]),
        ),
        delete: { enabled: true },
        redirect: { disable: true },
        cache: { blobdescriptor: true },
        maintenance: { uploadpurging: true, readonly: { enabled: true } },
    },
    auth: true,
    middleware: true,
    reporting: true,
    http: {
        addr: true,
        net: true,
        host: true,
        prefix: true,
        secret: true,
        relativeurls: true,
        draintimeout: true,
        headers: true,
        tls: { certificate: true, key: true, clientcas: true, minimumtls: true, ciphersuites: true },
        debug: { addr: true, prometheus: { enabled: true, path: true } },
        http2: { disabled: true },
    },
    notifications: true,
    redis: {
        addr: true,
        password: true,
        db: true,
        dialtimeout: true,
        readtimeout: true,
        writetimeout: true,
        pool: { maxidle: true, maxactive: true, idletimeout: true },
    },
    health: true,
    catalog: { maxentries: true },
    validation: { enabled: true, disabled: true, manifests: { urls: true } },
    policy: true,
};

/** Names that changed with release 3. */
const REDIS: Readonly<Record<string, string>> = {
    maxactiveconns: "maxactive",
    poolsize: "maxactive",
    maxidleconns: "maxidle",
    connmaxidletime: "idletimeout",
};

function redis(options: Tree): Tree {
    const { addrs, ...rest } = options;
    const pool: Tree = {};
    const others: Tree = {};
    for (const [option, value] of Object.entries(rest)) {
        const old = Object.hasOwn(REDIS, option) ? REDIS[option] : undefined;
        if (old === undefined) others[option] = value;
        else pool[old] = value;
    }
    const one = Array.isArray(addrs) && addrs.length === 1;
    return {
        ...(addrs === undefined ? {} : one ? { addr: (addrs as unknown[])[0] } : { addrs }),
        ...others,
        ...(Object.keys(pool).length > 0 ? { pool } : {}),
    };
}

function storage(options: Tree): Tree {
    const { s3 } = options;
    if (!isTree(s3)) return options;
    const { forcepathstyle, ...rest } = s3;
    // 2.8 writes the bucket into the path exactly where an endpoint is named (s3-aws/s3.go, New).
    const asAlways = (forcepathstyle === true) === (s3.regionendpoint !== undefined);
    return { ...options, s3: asAlways ? rest : s3 };
}

/** Paths of the options that 2.8 does not read. */
function unknown(tree: Tree, known: Known, prefix = ""): string[] {
    if (known === true) return [];
    return Object.entries(tree).flatMap(([option, value]) => {
        const path = `${prefix}${option}`;
        const below = Object.hasOwn(known, option) ? known[option] : undefined;
        if (below === undefined) return [path];
        return isTree(value) ? unknown(value, below, `${path}.`) : [];
    });
}

/**
 * A tree of options for registry 2.8.
 *
 * @throws Error with every option that 2.8 does not read
 */
export function forRegistry2(tree: Tree): Tree {
    const http = isTree(tree.http) ? tree.http : {};
    const old: Tree = {
        ...tree,
        ...(isTree(tree.redis) ? { redis: redis(tree.redis) } : {}),
        ...(isTree(tree.storage) ? { storage: storage(tree.storage) } : {}),
        // CVE-2023-44487 (rapid reset): no 2.8 release limits the streams of a connection.
        http: { ...http, http2: { disabled: true } },
    };
    const paths = unknown(old, KNOWN);
    if (paths.length > 0) {
        throw new Error(
            `Registry 2.8 does not read ${paths.join(", ")}: take ${paths.length === 1 ? "it" : "them"} out of the ` +
                "stack's configuration, or export with --registry-version 3.",
        );
    }
    return old;
}
