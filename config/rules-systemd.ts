/** The rules of `target: systemd`. */
import { dataPathProblem } from "../components/systemd/material";

import { formatPath, type Mistake, removeCommand } from "./mistakes";
import type { Partial } from "./rules";
import { missing } from "./systemd";

/** A host without Docker has no container, no image and nothing beside the registry. */
export function systemdRule(config: Partial): Mistake[] {
    if (config.target !== "systemd") return [];
    const { leftOut, refused } = missing(config);
    const mistakes = [...leftOut, ...refused].map(({ steps, why }) => ({
        path: formatPath(steps),
        problem: `is set, and target: systemd cannot have it: ${why}`,
        fix: removeCommand(steps),
    }));
    const path = config.storage?.path;
    const problem = path === undefined ? undefined : dataPathProblem(path);
    if (problem !== undefined) {
        mistakes.push({
            path: "storage.path",
            problem: `is ${JSON.stringify(path)}, which ${problem}`,
            fix: "pulumi config set --path storage.path /srv/registry",
        });
    }
    return mistakes;
}
