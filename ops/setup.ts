import type { Machine } from "../setup/machine";
import { prepare } from "../setup/prepare";
import { ClosedRoutes } from "../setup/probe";
import { preparedLines } from "../setup/summary";

/** `npm run setup [-- --recheck]`: all that `npm run up` prepares, and no more. */
export async function setup(machine: Machine, args: string[]): Promise<number> {
    const again = args.includes("--recheck");
    if (again) new ClosedRoutes(machine).forget();
    const prepared = await prepare(machine, args, { again });
    process.stdout.write(`${preparedLines(prepared).join("\n")}\n`);
    return 0;
}
