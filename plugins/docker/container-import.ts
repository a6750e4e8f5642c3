import type { ContainerInspectInfo } from "../../engine/types";

import type { Props } from "../framework/resource";

import type { Engine } from "../../engine/client";
import { containerNetworks, publishedPorts, ulimits } from "./container-read";
import { found } from "../../engine/errors";
import { labelList } from "./state";

/** `name:/path:ro,z`, or `/host:/path`, as the Engine keeps them. */
function volume(bind: string): Props {
    const [, source = "", containerPath = "", mode = ""] =
        /^((?:[a-zA-Z]:[\\/])?[^:]*):((?:[a-zA-Z]:[\\/])?[^:]*)(?::(.*))?$/.exec(bind) ?? [];
    const options = mode.split(",");
    const isPath = /[\\/]/.test(source);
    return {
        volumeName: isPath ? "" : source,
        hostPath: isPath ? source : "",
        containerPath,
        fromContainer: "",
        readOnly: options.includes("ro"),
        selinuxRelabel: options.find((option) => /^z$/i.test(option)) ?? "",
    };
}

/**
 * What a refresh takes from the state and an import has to find out: what the Engine tells of a container without
 * what it has from its image. Uploads cannot be found out.
 */
export async function importedContainer(engine: Engine, info: ContainerInspectInfo): Promise<Props> {
    const image = await found(() => engine.getImage(info.Image).inspect());
    const own = image?.Config as { Env?: string[]; Labels?: Record<string, string> } | undefined;
    const labels = Object.entries(info.Config.Labels ?? {}).filter(
        ([key, value]) => own?.Labels?.[key] !== value,
    );
    return {
        // An ID given as image is told apart by its start; both ways lead to the same image.
        image: info.Config.Image,
        mustRun: info.State.Running,
        envs: (info.Config.Env ?? []).filter((entry) => !own?.Env?.includes(entry)),
        labels: labelList(Object.fromEntries(labels)),
        volumes: (info.HostConfig.Binds ?? []).map(volume),
        ports: publishedPorts(info),
        networksAdvanced: containerNetworks(info),
        ulimits: ulimits(info.HostConfig.Ulimits),
        logOpts: (info.HostConfig.LogConfig?.Config ?? {}) as Props,
        pidMode: info.HostConfig.PidMode || null,
    };
}
