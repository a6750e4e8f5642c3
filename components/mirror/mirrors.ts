import * as pulumi from "@pulumi/pulumi";

import { recover } from "../recovery";

import { Mirror, type MirrorAccess, type MirrorArgs, type MirrorSettings } from "./mirror";

/** What the mirrors of a deployment have in common. */
export type SharedArgs = Omit<MirrorArgs, keyof MirrorSettings | "mirror" | "onError"> &
    Required<Pick<MirrorSettings, "bindAddress">> &
    Pick<MirrorSettings, "keepData"> & { dockerHost?: string | undefined };

/** The mirrors of a deployment. @returns name → how to use it */
export function createMirrors(
    name: string,
    mirrors: Readonly<Record<string, MirrorSettings>>,
    { dockerHost, ...shared }: SharedArgs,
    opts: pulumi.ComponentResourceOptions,
): pulumi.Output<Record<string, MirrorAccess>> {
    const made = Object.entries(mirrors).map(([mirror, settings]) => {
        const child = `${name}-mirror-${mirror}`;
        const args: MirrorArgs = {
            ...shared,
            ...settings,
            mirror,
            bindAddress: settings.bindAddress ?? shared.bindAddress,
            keepData: settings.keepData ?? shared.keepData,
            // The registry's own hook would tell to change the registry's port.
            onError: [
                new pulumi.ErrorHook(
                    `${child}-recovery`,
                    recover(shared.prefix, dockerHost, `mirrors.${mirror}.port`),
                ),
            ],
        };
        return [mirror, new Mirror(child, args, opts).access] as const;
    });
    return pulumi.all(Object.fromEntries(made));
}
