/** Reads what a registry holds: every tag with its time, every manifest. */
import { manifestOf, OWN_REPOSITORIES } from "../shared/manifest";

import type { Answer } from "./answers";
import type { Content, Manifest, Repository } from "./content";
import type { Session } from "./session";

function manifest({ body }: Answer): Manifest {
    const { manifests, config, layers = [], blobs = [] } = manifestOf(body);
    const all = [...(config ? [config] : []), ...layers, ...blobs];
    return {
        size: body.length,
        blobs: new Map(all.map(({ digest, size }) => [digest, size])),
        children: (manifests ?? []).map(({ digest }) => digest),
    };
}

/**
 * @param wanted which repositories
 * @param known manifests that were read before: by its digest one is always the same
 */
export async function readContent(
    session: Session,
    wanted: (repository: string) => boolean = () => true,
    known = new Map<string, Manifest>(),
    progress: (text: string) => void = () => undefined,
): Promise<Content> {
    const listing = [...(await session.list())].filter(
        ([name]) => wanted(name) && !OWN_REPOSITORIES.includes(name),
    );
    const content: Content = new Map(
        listing.map(([name, { uploads }]): [string, Repository] => [
            name,
            { tags: new Map(), manifests: new Map(), unreadable: [], uploads },
        ]),
    );
    /** Asks for manifests by tag or digest, and hands over the digest of each. */
    const read = async (
        asked: readonly (readonly [repository: string, reference: string])[],
        take: (of: Repository, reference: string, digest: string) => void = () => undefined,
    ) => {
        const answers = await session.ask(asked.map(([of, at]) => `GET /v2/${of}/manifests/${at}`));
        asked.forEach(([name, reference], i) => {
            const [repository, answer] = [content.get(name), answers[i]];
            if (repository === undefined || answer === undefined) return;
            const digest = answer.headers["docker-content-digest"];
            try {
                if (answer.status !== 200 || digest === undefined) throw new Error(String(answer.status));
                const one = known.get(digest) ?? manifest(answer);
                known.set(digest, one);
                repository.manifests.set(digest, one);
                take(repository, reference, digest);
            } catch {
                repository.unreadable.push(reference);
            }
        });
    };
    progress(`${listing.length} repositories`);
    await read(
        listing.flatMap(([name, { tags }]) => [...tags.keys()].map((tag) => [name, tag] as const)),
        (repository, tag, digest) => repository.tags.set(tag, { digest, pushed: 0 }),
    );
    const untold: [string, string][] = [];
    for (const [name, { tags, revisions }] of listing) {
        const repository = content.get(name);
        for (const [tag, own] of repository?.tags ?? []) own.pushed = tags.get(tag) ?? 0;
        for (const digest of revisions) {
            const one = known.get(digest);
            if (one !== undefined) repository?.manifests.set(digest, one);
            else untold.push([name, digest]);
        }
    }
    progress(`${known.size} manifests`);
    await read(untold);
    return content;
}
