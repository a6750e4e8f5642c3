/** Checks of a certificate that a directory issues (`tls.acme`). */
import type { X509Certificate } from "node:crypto";

import { type AcmeStatus, STATUS_FILE, STORE_FOLDER } from "../../components/acme/script";
import { Engine } from "../../engine/client";
import type { Endpoint } from "../../engine/endpoint";
import { exec } from "../../engine/run";

import { failure, type Finding, ok, warning } from "./finding";

const DAY = 86_400_000;

/** Name of the container that asks the directory. */
export const acmeName = (prefix: string): string => `${prefix}-acme`;

/** How the container's last attempt ended; nothing where it does not tell. */
export async function acmeStatus(engine: Endpoint, container: string): Promise<AcmeStatus | undefined> {
    try {
        const text = await exec(new Engine(engine, 30_000), container, [
            "cat",
            `${STORE_FOLDER}/${STATUS_FILE}`,
        ]);
        return JSON.parse(text) as AcmeStatus;
    } catch {
        // That it does not run is a finding of its own.
        return undefined;
    }
}

/** A moment as a person reads it, in UTC. */
const moment = (seconds: number): string =>
    new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");

/**
 * @param certificate what the server shows
 * @param status nothing where the container does not tell
 */
export function checkDirectory(
    certificate: X509Certificate | undefined,
    status: AcmeStatus | undefined,
    container: string,
    now: Date,
): Finding {
    if (certificate === undefined) return failure("the server shows no certificate", "see the lines above");
    if (status === undefined)
        return failure(`${container} does not tell how it stands with the directory`, "npm run up");
    const ends = new Date(certificate.validTo).getTime();
    const days = Math.floor((ends - now.getTime()) / DAY);
    const left = days < 0 ? `ended ${-days} days ago` : `has ${days} days left`;
    const over = ends <= now.getTime();
    const say = over ? failure : warning;
    if (status.problem !== "")
        return say(
            `the certificate ${left}, and no attempt to get a new one went well since ${moment(status.since)} UTC: ${status.problem}`,
            `docker logs --tail 20 ${container}; it tries again at ${moment(status.next)} UTC`,
        );
    if (over) return failure(`the certificate ${left}`, `docker restart ${container}`);
    if (status.issuedFor !== status.for)
        return warning(
            "the directory's certificate is not there yet, and the kit's own is shown",
            `docker logs --tail 20 ${container}`,
        );
    return ok(
        `the certificate ${left}, and is renewed without an \`up\`; next look at ${moment(status.next)} UTC`,
    );
}
