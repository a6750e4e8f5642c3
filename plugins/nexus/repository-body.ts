/** A repository → the body of Nexus's REST API, and back (OpenAPI of 3.94, …RepositoryApiRequest). */
import type { Props } from "../framework/resource";

export interface RepositoryInputs {
    name: string;
    format: "docker" | "maven2" | "yum" | "pypi";
    type: "hosted" | "proxy" | "group";
    blobStore: string;
    /** Hosted. */
    writePolicy?: "ALLOW" | "ALLOW_ONCE" | "DENY";
    /** maven2. */
    versionPolicy?: "RELEASE" | "SNAPSHOT" | "MIXED";
    /** yum. */
    repodataDepth?: number;
    /** Proxy. */
    remoteUrl?: string;
    /** Group. */
    members?: string[];
    /** docker: a connector of its own; without it by path, under the port of Nexus itself. */
    httpPort?: number;
    /** Hosted and proxy. */
    cleanupPolicies?: string[];
}

/** The format as the paths of the API have it. */
export const segment = ({ format, type }: Pick<RepositoryInputs, "format" | "type">): string =>
    `/v1/repositories/${format === "maven2" ? "maven" : format}/${type}`;

const HUB = /^https:\/\/(registry-1|index)\.docker\.io(\/|$)/;

function docker({ httpPort }: RepositoryInputs): Props {
    const route = httpPort === undefined ? { pathEnabled: true } : { pathEnabled: false, httpPort };
    // Without basic authentication by force Docker gets a token, from which anonymous clients can pull, too.
    return { v1Enabled: false, forceBasicAuth: false, ...route };
}

function proxy(inputs: RepositoryInputs): Props {
    const remoteUrl = String(inputs.remoteUrl);
    return {
        // Minutes: tags are asked for once a day, layers never change.
        proxy: { remoteUrl, contentMaxAge: -1, metadataMaxAge: 1440 },
        negativeCache: { enabled: true, timeToLive: 1440 },
        httpClient: { blocked: false, autoBlock: true },
        dockerProxy: { indexType: HUB.test(remoteUrl) ? "HUB" : "REGISTRY", cacheForeignLayers: false },
    };
}

const ofFormat = (inputs: RepositoryInputs): Props => {
    switch (inputs.format) {
        case "docker":
            return { docker: docker(inputs) };
        case "maven2":
            return { maven: { versionPolicy: inputs.versionPolicy ?? "MIXED", layoutPolicy: "STRICT" } };
        case "yum":
            return { yum: { repodataDepth: inputs.repodataDepth ?? 0, deployPolicy: "STRICT" } };
        case "pypi":
            return {};
    }
};

/** The body of POST and PUT. */
export function repositoryBody(inputs: RepositoryInputs): Props {
    const hosted = inputs.type === "hosted" ? { writePolicy: inputs.writePolicy ?? "ALLOW_ONCE" } : {};
    return {
        name: inputs.name,
        online: true,
        storage: { blobStoreName: inputs.blobStore, strictContentTypeValidation: true, ...hosted },
        ...(inputs.type === "group"
            ? { group: { memberNames: inputs.members ?? [] } }
            : { cleanup: { policyNames: inputs.cleanupPolicies ?? [] } }),
        ...(inputs.type === "proxy" ? proxy(inputs) : {}),
        ...ofFormat(inputs),
    };
}

/** The answer of GET, as far as this kit sets it. */
export interface RepositoryAnswer {
    name: string;
    online: boolean;
    storage: { blobStoreName: string; writePolicy?: string };
    cleanup?: { policyNames?: string[] } | null;
    group?: { memberNames: string[] };
    proxy?: { remoteUrl: string };
    maven?: { versionPolicy: string };
    yum?: { repodataDepth: number };
    docker?: { httpPort?: number | null };
}

/** The inputs that would make a repository as it stands now; absent ones are left out. */
export function repositoryState(
    { format, type }: Pick<RepositoryInputs, "format" | "type">,
    answer: RepositoryAnswer,
): Props {
    const { storage, cleanup, group, proxy, maven, yum, docker } = answer;
    const all: Props = {
        name: answer.name,
        format,
        type,
        online: answer.online,
        blobStore: storage.blobStoreName,
        writePolicy: type === "hosted" ? storage.writePolicy?.toUpperCase() : undefined,
        versionPolicy: maven?.versionPolicy,
        repodataDepth: yum?.repodataDepth,
        remoteUrl: proxy?.remoteUrl,
        members: group?.memberNames,
        httpPort: docker?.httpPort ?? undefined,
        cleanupPolicies: type === "group" ? undefined : (cleanup?.policyNames ?? []),
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
