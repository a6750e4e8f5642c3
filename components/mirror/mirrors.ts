import * as pulumi from "@pulumi/pulumi";

import { registryEndpoint } from "../../address/address";
import type { Given, Settled } from "../definition/inputs";
import type { SiteOptions } from "../front/made";
import type { Options } from "../options";
import { recover } from "../deployment/recovery";

import { inside, Mirror, type MirrorAccess, type MirrorArgs, mirrorEndpoint } from "./mirror";
import { siteName, upstreamOrigin } from "../../address/upstream";

export type Mirrors = Settled<Options["mirrors"]>;
type MirrorOptions = Mirrors[string];

/** What the mirrors of a deployment have in common. */
export interface SharedArgs extends Pick<
    MirrorArgs,
    "deployment" | "prefix" | "domain" | "imageId" | "networkName" | "tls" | "ownCa" | "outbound" | "settings"
> {
    bindAddress: Given<string>;
    keepData: boolean;
    /** Port of the front, which publishes the mirrors that have none. @default no front */
    frontPort?: Given<number> | undefined;
}

/** The name under which a front publishes a mirror; plain where it is known beforehand. */
export function nameAtFront(
    domain: Given<string>,
    mirror: string,
    own: Given<string> | undefined,
): Given<string> {
    if (own !== undefined) return own;
    return typeof domain === "string"
        ? siteName(domain, mirror, {})
        : domain.apply((of) => siteName(of, mirror, {}));
}

/** URL at which a front publishes a mirror; nothing for one with a port of its own, and without a front. */
export const frontEndpoint = (
    domain: Given<string>,
    mirror: string,
    { port, domain: own }: MirrorOptions,
    frontPort: Given<number> | undefined,
): pulumi.Output<string> | undefined =>
    port === undefined && frontPort !== undefined
        ? pulumi
              .all([nameAtFront(domain, mirror, own), frontPort])
              .apply(([name, at]) => registryEndpoint(name, at, true))
        : undefined;

/** Where clients of a deployment reach its mirrors, and what these mirror: known before one is made. */
export const mirrorPlaces = (
    mirrors: Mirrors,
    { prefix, domain, frontPort }: Pick<SharedArgs, "prefix" | "domain" | "frontPort">,
    tls = true,
): pulumi.Output<Pick<MirrorAccess, "endpoint" | "upstream">[]> =>
    pulumi.all(
        Object.entries(mirrors).map(([mirror, settings]) =>
            pulumi
                .all([domain, settings.upstream, frontEndpoint(domain, mirror, settings, frontPort)])
                .apply(([of, upstream, atFront]) => ({
                    endpoint: mirrorEndpoint(
                        { mirror, prefix, domain: of, port: settings.port, frontEndpoint: atFront },
                        tls,
                    ),
                    upstream: upstreamOrigin(upstream),
                })),
        ),
    );

/** The mirrors of a deployment. @returns name → how to use it, and those without a port as sites of the front */
export function createMirrors(
    name: string,
    mirrors: Mirrors,
    { frontPort, ...shared }: SharedArgs,
    opts: pulumi.ComponentResourceOptions,
): { access: pulumi.Output<Record<string, MirrorAccess>>; sites: SiteOptions[] } {
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
            onError: [new pulumi.ErrorHook(`${child}-recovery`, recover(shared.deployment))],
        };
        const { access, blobs } = new Mirror(child, args, opts);
        return { mirror, settings, access, blobs };
    });
    return {
        access: pulumi.all(Object.fromEntries(made.map(({ mirror, access }) => [mirror, access]))),
        sites: made
            .filter(({ settings }) => settings.port === undefined)
            .map(({ mirror, settings, blobs }) => ({
                id: `mirror-${mirror}`,
                name: nameAtFront(shared.domain, mirror, settings.domain),
                upstream: inside(shared.prefix, mirror),
                blobs,
            })),
    };
}
