import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import type { Deployment } from "../deployment/deployment";
import { boundedLog, confined, memoryLimit } from "../deployment/hardening";

import { SERVED_FOLDER, STAMP_FILE, STATUS_PORT } from "./settings";

/** The front's user: none of the system's, in the group whose members may read the files and the socket. */
export const FRONT_USER = "101:0";

/** Asks the front which configuration it serves. nginx's own images have curl, those with busybox wget. */
export const ASK = `{ wget -q -O - http://127.0.0.1:${STATUS_PORT}/generation || curl -fs -m 2 http://127.0.0.1:${STATUS_PORT}/generation; } 2>/dev/null`;

/**
 * Has nginx read its configuration anew, and waits until it serves it. The old workers take no connection any more a
 * tenth of a second after the new ones do, hence several answers in a row.
 */
const script = (generation: string) =>
    [
        `serves() { [ "$(${ASK})" = ${generation} ]; }`,
        "serves && exit 0",
        "kill -HUP 1",
        "n=0; row=0",
        "while [ $n -lt 300 ]; do",
        "  if serves; then row=$((row+1)); else row=0; fi",
        "  [ $row -lt 5 ] || exit 0",
        "  n=$((n+1)); sleep 0.1",
        "done",
        'echo "nginx does not serve the new configuration after 30 seconds: see the log of the front." >&2',
        "exit 1",
    ].join("\n");

/**
 * Starts nginx, beside which a shell has it read its configuration anew whenever a directory has issued a certificate. Once nginx has
 * written its number it takes the signal; before that, the first process of a container would lose it.
 */
export const WATCHED =
    `stamp() { cat ${SERVED_FOLDER}/${STAMP_FILE} 2>/dev/null; }; ` +
    'watch() { last="$(stamp)"; while sleep 1; do [ "$(stamp)" = "$last" ] || ' +
    '{ [ -s /tmp/nginx.pid ] && last="$(stamp)" && kill -HUP 1; }; done; }; watch & exec nginx "$@"';

export interface ReloadArgs {
    /** Name of the container that reloads. */
    containerName: string;
    deployment: Deployment;
    imageId: pulumi.Input<string>;
    /** ID of the front's container. */
    frontId: pulumi.Input<string>;
    /** The configuration that it is to serve. */
    generation: pulumi.Input<string>;
    onError: pulumi.ErrorHook[];
}

/** A container that lives for a moment in the front's namespaces, whenever the configuration or the front is new. */
export class Reload extends pulumi.ComponentResource {
    /** Resolves when the configuration is served. */
    readonly done: pulumi.Output<boolean>;

    constructor(name: string, args: ReloadArgs, opts?: pulumi.ComponentResourceOptions) {
        super("private-registry:index:FrontReload", name, {}, opts);
        const front = pulumi.interpolate`container:${args.frontId}`;
        const container = new docker.Container(
            `${name}-container`,
            {
                name: args.containerName,
                image: args.imageId,
                labels: args.deployment.task(args.containerName),
                entrypoints: ["/bin/sh", "-c", pulumi.output(args.generation).apply(script)],
                command: [],
                user: FRONT_USER,
                pidMode: front,
                networkMode: front,
                attach: true,
                mustRun: false,
                restart: "no",
                readOnly: true,
                ...confined,
                ...boundedLog,
                ...memoryLimit(64),
            },
            { parent: this, hooks: { onError: args.onError }, deleteBeforeReplace: true },
        );
        this.done = pulumi.all([container.exitCode, container.urn]).apply(([code, urn]) => {
            if (code !== undefined && code !== 0) {
                throw new Error(
                    `The front goes on with its former configuration (exit code ${code}). Look at ` +
                        `\`docker logs ${args.deployment.prefix}-front\`, then run: pulumi up --replace '${urn}'`,
                );
            }
            return true;
        });
        this.registerOutputs({});
    }
}
