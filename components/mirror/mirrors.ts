import * as pulumi from "@pulumi/pulumi";

import { Mirror, type MirrorAccess, type MirrorArgs, type MirrorSettings } from "./mirror";

/** What the mirrors of a deployment have in common. */
export type SharedArgs = Omit<MirrorArgs, keyof MirrorSettings | "mirror"> &
    Required<Pick<MirrorSettings, "bindAddress">> &
    Pick<MirrorSettings, "keepData">;

/** The mirrors of a deployment. @returns name → how to use it */
export function createMirrors(
    name: string,
    mirrors: Readonly<Record<string, MirrorSettings>>,
    shared: SharedArgs,
    opts: pulumi.ComponentResourceOptions,
): pulumi.Output<Record<string, MirrorAccess>> {
    const made = Object.entries(mirrors).map(([mirror, settings]) => {
        const args: MirrorArgs = {
            ...shared,
            ...settings,
            mirror,
            bindAddress: settings.bindAddress ?? shared.bindAddress,
            keepData: settings.keepData ?? shared.keepData,
        };
        return [mirror, new Mirror(`${name}-mirror-${mirror}`, args, opts).access] as const;
    });
    return pulumi.all(Object.fromEntries(made));
}
