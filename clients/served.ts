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
    endpoint: pulumi.Output<string>,
    caPem: pulumi.Output<string>,
    mirrors: pulumi.Output<MirrorFacts[]>,
    identity: pulumi.Output<string>,
): ServedInstallers {
    const texts = pulumi
        .all([endpoint, caPem, mirrors, identity])
        .apply(([url, pem, all, id]) => renderInstallers(installerFacts(url, pem, all, id)));
    return {
        files: Object.fromEntries(INSTALLERS.map((file) => [file, texts.apply((all) => all[file])])),
        oneLines: pulumi.all([endpoint, texts]).apply(([url, all]) => oneLines(url, all)),
    };
}
