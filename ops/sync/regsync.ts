/** What regsync is told (regclient.org/usage/regsync): one file for each job. Pure. */
import { stringify } from "yaml";

import { expression, sides } from "../../components/definition/matches";
import { type SyncJob, type SyncRegistry, sidesOf } from "../../components/sync/options";
import { type Side, sideText } from "../../components/sync/side";
import { inQuotes } from "../../text/shell";
import { OWN_REPOSITORIES } from "../shared/manifest";
import { SECRETS } from "../shared/job";

/** This registry, as a job's container reaches it. */
export interface Here {
    /** As image names have it: `docker.example.com`. */
    address: string;
    /** Where its TLS is spoken to; the certificate is checked for its host. */
    hostname: string;
    plainHttp: boolean;
    /** PEM; "" for the authorities that everyone trusts. */
    caPem: string;
    login?: { user: string; password: string } | undefined;
}

/** What would be a template of regsync's stays the text that it is. */
const plain = (text: string) => text.replaceAll("{{", '{{"{{"}}');

const credentials = (host: string, { username, password, ca, plainHttp }: SyncRegistry) => ({
    registry: host,
    tls: plainHttp ? "disabled" : "enabled",
    ...(username === undefined ? {} : { user: plain(username) }),
    ...(password === undefined ? {} : { pass: plain(password) }),
    ...(ca === undefined ? {} : { regcert: ca }),
});

const allowAndDeny = (patterns: readonly string[]) => {
    const { takes, leaves } = sides(patterns);
    return { allow: takes.map(expression), deny: leaves.map(expression) };
};

/** The file of one job. */
export function renderJob(
    job: SyncJob,
    here: Here,
    registries: Readonly<Record<string, SyncRegistry>>,
): string {
    const { from, to } = sidesOf(job, here.address);
    const at = (side: Side, rest: Partial<Side> = {}) =>
        sideText({ ...side, host: side.host ?? here.address, all: false, ...rest });
    const repos = allowAndDeny(job.repositories ?? []);
    // What is below the path, and of that what is meant.
    const below = from.path === "" ? repos.allow : within(from.path, repos.allow);
    const own = from.host === undefined ? OWN_REPOSITORIES : [];
    const copied = from.all
        ? {
              type: "registry",
              source: from.host ?? here.address,
              target: to.path === "" ? (to.host ?? here.address) : at(to),
              repos: { allow: below, deny: [...repos.deny, ...own] },
          }
        : from.tag === undefined && from.digest === undefined
          ? { type: "repository", source: at(from), target: at(to, { tag: undefined }) }
          : { type: "image", source: at(from), target: at(to) };
    const { caPem, login, hostname, plainHttp, address } = here;
    return stringify({
        version: 1,
        creds: [
            {
                ...credentials(address, {
                    ...{ username: login?.user, password: login?.password, plainHttp },
                    ca: caPem === "" ? undefined : caPem,
                }),
                hostname,
            },
            ...Object.entries(registries).map(([host, one]) => credentials(host, one)),
        ],
        // Signatures and the like: those that name their image, and those that are named after it.
        defaults: {
            skipDockerConfig: true,
            referrers: true,
            digestTags: true,
            userAgent: "private-registry",
        },
        sync: [{ ...copied, ...(job.tags ? { tags: allowAndDeny(job.tags) } : {}) }],
    });
}

/** Patterns of repositories, as far as they are below a path. */
function within(path: string, allow: readonly string[]): string[] {
    const start = `${expression(path)}/`;
    return allow.flatMap((one) => {
        if (one === ".*") return [`${start}.*`];
        if (one.startsWith(start)) return [one];
        // `team/*` while all below `team/app` is meant.
        return one.endsWith("/.*") && start.startsWith(one.slice(0, -2)) ? [`${start}.*`] : [];
    });
}

/** Ends what the container is at; it goes on with the next job. By what every shell has. */
export const END_ONE = `for one in /proc/[0-9]*; do
    read -r name < "$one/comm" && [ "$name" = regsync ] && kill -9 "\${one#/proc/}"
done 2> /dev/null`;

/** What the container runs. @param names of the jobs, in the order of their files `NUMBER.yml` */
export function syncScript(names: readonly string[], own: string, dryRun: boolean): string {
    const each = (command: string) =>
        names.map(
            (name, at) =>
                `echo "@${command} ${name}"; regsync ${command} --config ${SECRETS}/${at}.yml --logopt json; echo "@code $?"`,
        );
    return [
        `if [ -e ${SECRETS}/proxy.env ]; then . ${SECRETS}/proxy.env; export NO_PROXY="$NO_PROXY,"${inQuotes(own)}; export no_proxy="$NO_PROXY"; fi`,
        ...each("check"),
        ...(dryRun ? [] : each("once")),
    ].join("\n");
}
