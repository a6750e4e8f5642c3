/** A certificate that the cluster keeps, in a Secret of type kubernetes.io/tls (tls.secret). */
import * as pulumi from "@pulumi/pulumi";

import type { Given } from "../definition/inputs";
import { SERVED_FILE, SERVED_FOLDER } from "../front/settings";
import { broughtFiles, type SiteTls } from "../tls/site-tls";

import { inMemory } from "./confined";
import { ExistingSecret } from "./object";
import type { Place } from "./place";

/** Where the Secret is mounted. */
const FOLDER = "/run/certificate";

/**
 * A text of a Secret.
 *
 * @param data name → base64
 * @throws Error where it is not there and must be
 */
export function secretText(
    data: Readonly<Record<string, string>> | undefined,
    key: "tls.crt" | "tls.key" | "ca.crt",
    secret: string,
    namespace: string,
): string {
    const text = Buffer.from(data?.[key] ?? "", "base64").toString();
    if (text === "" && key !== "ca.crt")
        throw new Error(
            `The Secret ${secret} (tls.secret) of the namespace ${namespace} has no ${key}; it must be of type kubernetes.io/tls: ` +
                `kubectl create secret tls ${secret} --cert FILE --key FILE --namespace ${namespace}`,
        );
    return text;
}

/** The certificate as it is while `up` runs: it must be one for each name. */
export function certificateOf(
    { program, metadata, opts }: Place,
    secret: string,
    names: Given<string>[],
): SiteTls {
    const { namespace } = metadata;
    const { data } = new ExistingSecret(`${program}-certificate`, { namespace, secret }, opts);
    const part = (key: Parameters<typeof secretText>[1]) =>
        pulumi.all([data, namespace]).apply(([all, where]) => secretText(all, key, secret, where));
    const pair = { cert: part("tls.crt"), key: part("tls.key"), chain: part("ca.crt") };
    const brought = broughtFiles(pair, names);
    return { ...brought, cas: [brought.caPem], secret };
}

/**
 * Puts what the Secret has into one file, so that certificate and key change at once, and has nginx read it whenever kubelet has mounted
 * another version: each is a folder of its own, to which a link leads (kubernetes.io/docs/concepts/configuration/secret).
 */
const FOLLOW: readonly string[] = [
    `take() { now=$(readlink -f ${FOLDER}/..data); [ "$now" != "$had" ] && ` +
        `(umask 077; { cat "$now/tls.crt" && echo && cat "$now/tls.key"; } > ${SERVED_FOLDER}/new) && ` +
        `mv ${SERVED_FOLDER}/new ${SERVED_FOLDER}/${SERVED_FILE} && had=$now; }`,
    "take",
    "follow() { while sleep 1; do take && { until [ -s /tmp/nginx.pid ]; do sleep 1; done; kill -HUP 1; }; done; }",
    "follow &",
];

/** How the front's container has the certificate of a Secret. */
export const followed = (secret: string) => ({
    /** Lines of the script that starts nginx. */
    script: FOLLOW,
    volumes: [
        { name: "certificate", secret: { secretName: secret, defaultMode: 0o440 } },
        inMemory("served", "1Mi"),
    ],
    mounts: [
        { name: "certificate", mountPath: FOLDER, readOnly: true },
        { name: "served", mountPath: SERVED_FOLDER },
    ],
});
