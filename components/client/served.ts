import * as pulumi from "@pulumi/pulumi";

import { INSTALLERS, installerFacts, oneLines, renderInstallers } from "./installer";
import type { MirrorFacts } from "./plan";

/** The installers of a deployment. */
export interface ServedInstallers {
    /** File name → text. */
    files: Record<string, pulumi.Output<string>>;
    /** Snippets of `clientSetup` by which one line fetches an installer and runs it. */
    oneLines: pulumi.Output<Record<string, string>>;
}

/**
 * @param endpoint `https://docker.example.com:8443`
 * @param mirrors what is known of the mirrors before they are made, so that nothing waits for them
 */
export function servedInstallers(
    endpoint: string,
    caPem: pulumi.Output<string>,
    mirrors: readonly MirrorFacts[],
    identity: pulumi.Output<string>,
): ServedInstallers {
    const texts = pulumi
        .all([caPem, identity])
        .apply(([pem, id]) => renderInstallers(installerFacts(endpoint, pem, mirrors, id)));
    return {
        files: Object.fromEntries(INSTALLERS.map((file) => [file, texts.apply((all) => all[file])])),
        oneLines: texts.apply((all) => oneLines(endpoint, all)),
    };
}
