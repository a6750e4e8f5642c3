import type { Unwrap } from "@pulumi/pulumi";
import type { NetworkArgs } from "@pulumi/docker";
import type { NetworkInspectInfo } from "../../engine/types";

import type { Props, ResourceType } from "../framework/resource";

import type { Engine } from "../../engine/client";
import { doing, found, isNotFound, messageOf, retrying, says } from "../../engine/errors";
import { removeStandIns } from "../../components/deployment/leftovers";
import { STAND_IN_LABEL } from "../../components/deployment/hardening";
import { inputsOf, labelList, labelMap, labelsRule } from "./state";

const IN_USE = "has active endpoints";

/** How long a container may hold on to the network on its way out. Milliseconds. */
const GRACE = 30_000;

const outputs = (info: NetworkInspectInfo): Props => ({
    name: info.Name,
    driver: info.Driver,
    scope: info.Scope,
    internal: info.Internal,
    attachable: info.Attachable,
    ingress: info.Ingress,
    ipv6: info.EnableIPv6,
    options: info.Options ?? {},
    labels: labelList(info.Labels),
    ipamDriver: info.IPAM?.Driver ?? "",
    ipamOptions: info.IPAM?.Options ?? {},
    ipamConfigs: (info.IPAM?.Config ?? []).map((config) => ({
        subnet: config.Subnet ?? "",
        ipRange: config.IPRange ?? "",
        gateway: config.Gateway ?? "",
        auxAddress: config.AuxiliaryAddresses ?? {},
    })),
});

/** A network of the Engine. */
export const network: ResourceType<Engine> = {
    token: "docker:index/network:Network",
    autoName: "name",
    // The Engine refuses a second network of the same name.
    deleteBeforeReplace: true,
    inputs: {
        name: { type: "string", replace: true },
        driver: { type: "string", computed: true, replace: true },
        internal: { type: "boolean", computed: true, replace: true },
        attachable: { type: "boolean", replace: true },
        ingress: { type: "boolean", replace: true },
        ipv6: { type: "boolean", replace: true },
        options: { type: "map", element: "string", computed: true, replace: true },
        labels: labelsRule,
        ipamDriver: { type: "string", default: "default", replace: true },
        ipamOptions: { type: "map", element: "string", replace: true },
        ipamConfigs: {
            type: "array",
            set: true,
            computed: true,
            replace: true,
            members: {
                subnet: { type: "string" },
                ipRange: { type: "string" },
                gateway: { type: "string", computed: true },
                auxAddress: { type: "map", element: "string" },
            },
        },
    },
    async create(inputs, engine) {
        const args = inputs as Unwrap<NetworkArgs>;
        const created = await doing(`create network ${args.name}`, () =>
            engine.createNetwork({
                Name: String(args.name),
                // Engines before 25 allow many networks of one name otherwise.
                CheckDuplicate: true,
                Driver: args.driver ?? "bridge",
                Internal: args.internal ?? false,
                Attachable: args.attachable ?? false,
                Ingress: args.ingress ?? false,
                EnableIPv6: args.ipv6 ?? false,
                Options: args.options ?? {},
                Labels: labelMap(args.labels),
                IPAM: {
                    Driver: args.ipamDriver ?? "default",
                    Options: args.ipamOptions ?? {},
                    Config: (args.ipamConfigs ?? []).map((config) => ({
                        ...(config.subnet ? { Subnet: config.subnet } : {}),
                        ...(config.ipRange ? { IPRange: config.ipRange } : {}),
                        ...(config.gateway ? { Gateway: config.gateway } : {}),
                        ...(config.auxAddress ? { AuxiliaryAddresses: config.auxAddress } : {}),
                    })),
                },
            }),
        );
        const info = await doing(`inspect network ${args.name}`, () =>
            engine.getNetwork(created.id).inspect(),
        );
        return { id: created.id, outs: outputs(info) };
    },
    async read(id, _state, inputs, engine) {
        const info = await found(() => engine.getNetwork(id).inspect());
        if (!info) return undefined;
        const outs = outputs(info);
        return { id: info.Id, outs, inputs: inputsOf(network, inputs, outs) };
    },
    async delete(id, olds, engine) {
        // The state does not know them; whose network they are in goes with them.
        await removeStandIns(engine, { label: [STAND_IN_LABEL], network: [id] }, olds.labels);
        try {
            await retrying(IN_USE, GRACE, () => engine.getNetwork(id).remove());
        } catch (error) {
            if (isNotFound(error)) return;
            const fix = says(error, IN_USE)
                ? `; \`docker network inspect ${String(olds.name)}\` shows who uses it`
                : "";
            throw new Error(`Unable to remove network ${String(olds.name)}: ${messageOf(error)}${fix}`);
        }
    },
};
