/** Checks of keys that are being changed: what stands in the middle, and what is over. */
import { endOf } from "../../components/auth/users";
import { certificates } from "../../components/tls/chain";
import type { Keys } from "../../config/keys";

import { type Finding, ok, warning } from "./finding";

/** Days in which every client should have followed. */
const LONG = 90;

/** @param caPem of both CAs; @returns nothing where one CA is trusted */
export function checkRotation(keys: Keys | undefined, caPem: string, now: Date): Finding | undefined {
    if (keys?.next === undefined) return undefined;
    const step = keys.next === "signs" ? 2 : 1;
    const second = certificates(caPem)[1];
    const days =
        second === undefined
            ? 0
            : Math.floor((now.getTime() - new Date(second.validFrom).getTime()) / 86_400_000);
    const text = `step ${step} of 3 is done, two CAs are trusted; the second one is ${days} days old`;
    return days > LONG ? warning(text, "npm run rotate-ca") : ok(text);
}

/** Passwords that were taken beside new ones up to a date, and of which the hash is still there. */
export function checkFormerPasswords(keys: Keys | undefined, now: Date): Finding | undefined {
    const all = Object.entries(keys?.passwords ?? {}).flatMap(([name, { previous }]) =>
        previous === undefined ? [] : [{ name, previous }],
    );
    if (all.length === 0) return undefined;
    const over = all.filter(({ previous }) => endOf(previous) * 1000 < now.getTime());
    const [first] = over;
    if (first === undefined)
        return ok(
            `taken beside the new ones: ${all.map(({ name, previous }) => `of ${name} until ${previous}`).join(", ")}`,
        );
    const names = over.map(({ name }) => name).join(", ");
    return warning(
        `the time of the former password of ${names} was over on ${first.previous}: it is refused, and its hash is still there`,
        "npm run up",
    );
}

/** Whether a client that trusts the server trusts the next CA too. @param own what it trusts */
export function checkBothTrusted(client: string, own: readonly string[], caPem: string): Finding | undefined {
    const all = certificates(caPem);
    if (all.length < 2) return undefined;
    const text = own.join("\n");
    const lacking = all.filter((one) => !text.includes(one.toString().trim()));
    return lacking.length === 0
        ? undefined
        : warning(
              `trusted, but by one of two CAs: the other one takes its place`,
              `npm run client -- --for ${client} --apply`,
          );
}
