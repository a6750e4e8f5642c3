/** What the objects of a deployment have in common. */
import type * as pulumi from "@pulumi/pulumi";

import type { Given } from "../definition/inputs";

/** What is the same for every object. */
export interface Place {
    /** Start of the names of the resources in the program. */
    program: string;
    /** Name of the objects of which there is one, and start of the others'. With a part of the identity, so that what has it is this deployment's. */
    own: pulumi.Output<string>;
    metadata: { namespace: Given<string>; labels: Record<string, pulumi.Input<string>> };
    /** The labels by which pods are found. */
    selected: Record<string, pulumi.Input<string>>;
    opts: pulumi.CustomResourceOptions;
}
