import * as pulumi from "@pulumi/pulumi";

import { registryEndpoint } from "../client/address";
import { recover } from "../recovery";

import {
    inside,
    Mirror,
    type MirrorAccess,
    type MirrorArgs,
    mirrorEndpoint,
    type MirrorSettings,
} from "./mirror";
import { siteName, upstreamOrigin } from "./upstream";

/** What the mirrors of a deployment have in common. */
export type SharedArgs = Omit<MirrorArgs, keyof MirrorSettings | "mirror" | "onError"> &
    Required<Pick<MirrorSettings, "bindAddress">> &
    Pick<MirrorSettings, "keepData"> & {
        /** The registry's name, at which mirrors with a port are reached too. */
        domain: string;
        /** Port of the front, which publishes the mirrors that have none. @default no front */
        frontPort?: number | undefined;
    };

const frontEndpoint = (domain: string, mirror: string, settings: MirrorSettings, frontPort?: number) =>
    settings.port === undefined && frontPort !== undefined
        ? registryEndpoint(siteName(domain, mirror, settings), frontPort, true)
        : undefined;

/** Where clients of a deployment reach its mirrors, and what these mirror: known before one is made. */
export function mirrorPlaces(
    mirrors: Readonly<Record<string, MirrorSettings>>,
    { prefix, domain, frontPort }: Pick<SharedArgs, "prefix" | "domain" | "frontPort">,
    tls = true,
): Pick<MirrorAccess, "endpoint" | "upstream">[] {
    return Object.entries(mirrors).map(([mirror, settings]) => ({
        endpoint: mirrorEndpoint(
            {
                ...settings,
                mirror,
                prefix,
                domain,
                frontEndpoint: frontEndpoint(domain, mirror, settings, frontPort),
            },
            tls,
        ),
        upstream: upstreamOrigin(settings.upstream),
    }));
}

/** The mirrors without a port of their own, as sites of the front. */
export function mirrorSites(
    prefix: string,
    domain: string,
    mirrors: Readonly<Record<string, MirrorSettings>>,
): { name: string; upstream: string }[] {
    return Object.entries(mirrors)
        .filter(([, { port }]) => port === undefined)
        .map(([mirror, settings]) => ({
            name: siteName(domain, mirror, settings),
            upstream: inside(prefix, mirror),
        }));
}

/** The mirrors of a deployment. @returns name → how to use it */
export function createMirrors(
    name: string,
    mirrors: Readonly<Record<string, MirrorSettings>>,
    { frontPort, ...shared }: SharedArgs,
    opts: pulumi.ComponentResourceOptions,
): pulumi.Output<Record<string, MirrorAccess>> {
    const made = Object.entries(mirrors).map(([mirror, settings]) => {
        const child = `${name}-mirror-${mirror}`;
        const args: MirrorArgs = {
            ...shared,
            ...settings,
            mirror,
            frontEndpoint: frontEndpoint(shared.domain, mirror, settings, frontPort),
            domain: shared.domain,
            bindAddress: settings.bindAddress ?? shared.bindAddress,
            keepData: settings.keepData ?? shared.keepData,
            // The registry's own hook would tell to change the registry's port.
            onError: [
                new pulumi.ErrorHook(
                    `${child}-recovery`,
                    recover(shared.deployment, () => `mirrors.${mirror}.port`),
                ),
            ],
        };
        return [mirror, new Mirror(child, args, opts).access] as const;
    });
    return pulumi.all(Object.fromEntries(made));
}
