/** What the doctor reads in the stack's state. */
import type { StackFacts } from "../facts/stack-facts";

const DEFAULT_RENEWAL_DAYS = 30;

interface State {
    deployment: {
        resources?: {
            type: string;
            inputs?: { name?: string; restart?: string };
            outputs?: { earlyRenewalHours?: number };
        }[];
    };
}

export interface Deployed {
    /** Names of the containers that have to run; not of those that do their work and end. */
    services: string[];
    /** Days before the certificate's end from which Pulumi renews it. */
    renewalDays: number;
}

/** Restart policies of what has to run; the second one of stacks that an earlier version deployed. */
const RUN_ON = ["always", "unless-stopped"];

export function readDeployed(state: State): Deployed {
    const resources = state.deployment.resources ?? [];
    const certificate = resources.find(({ type }) => type.includes("LocallySignedCert"));
    const hours = certificate?.outputs?.earlyRenewalHours;
    return {
        services: resources.flatMap(({ type, inputs }) =>
            type === "docker:index/container:Container" && RUN_ON.includes(inputs?.restart ?? "")
                ? (inputs?.name ?? [])
                : [],
        ),
        renewalDays: hours === undefined ? DEFAULT_RENEWAL_DAYS : hours / 24,
    };
}

export const deployedOf = async (facts: StackFacts): Promise<Deployed> =>
    readDeployed(JSON.parse(await facts.pulumi(["stack", "export"])) as State);
