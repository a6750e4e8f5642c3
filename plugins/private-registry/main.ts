/** The components as a Pulumi package, for programs in any language (docs/components.md). */
import * as pulumi from "@pulumi/pulumi";

import { provider } from "./provider";

// The engine reads both; where it was killed, nobody does.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(1));

void pulumi.provider.main(provider, process.argv.slice(2));
