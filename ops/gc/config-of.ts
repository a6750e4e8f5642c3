/** The configuration of a registry's container, which may have ended. */
import { parse } from "yaml";

import type { CheckedConfig } from "../../components/storage/check";
import type { Engine } from "../../engine/client";
import { readTar } from "../../engine/tar";
import type { ContainerInspectInfo } from "../../engine/types";

export async function configOf(engine: Engine, registry: ContainerInspectInfo): Promise<CheckedConfig> {
    const path = registry.Config.Cmd?.at(-1) ?? "";
    const archive = await engine.getContainer(registry.Id).getArchive({ path });
    const [text] = (await readTar(archive, () => true)).values();
    return parse(text?.toString("utf8") ?? "", { version: "1.1" }) as CheckedConfig;
}
