/** What a client meets, wherever the registry runs: the certificate, who trusts it, the login, a push and a pull. */
import type { X509Certificate } from "node:crypto";

import { domainOf, hostAndPort, registryAddress } from "../../address/address";
import { ableTo, USES } from "../../components/auth/able";
import type { Machine } from "../../setup/machine";
import { which } from "../../setup/run";
import { readText } from "../../setup/start.cjs";
import { noUsers, registryTarget, type StackFacts } from "../facts/stack-facts";
import { RegistryApi } from "../shared/registry-api";

import { type Finding, ok } from "./finding";
import * as rotation from "./keys-checks";
import * as look from "./look";
import { checkImage, checkLogin, notTried, PUSH } from "./registry-checks";
import * as tls from "./tls-checks";

/** Tells of a check. */
export type Tell = (name: string, finding: Finding) => void;

export interface ClientChecks {
    /** At which this machine reaches the registry. */
    address: string;
    /** Whether the dockerd that pulls is this machine's. */
    ownDocker: boolean;
    /** Judges how long the certificate lasts. */
    end: (certificate: X509Certificate | undefined) => Promise<Finding> | Finding;
    /** Command that shows the registry's log. */
    logs: string;
    /** Nothing is pushed while a collection is at work. */
    collecting: boolean;
}

async function checkCertificate(
    machine: Machine,
    facts: StackFacts,
    of: ClientChecks,
    tell: Tell,
): Promise<void> {
    const { endpoint, caPem, keys } = facts;
    if (endpoint.protocol !== "https:") {
        tell("certificate", ok("none: tls is off"));
        return;
    }
    const domain = domainOf(endpoint.host);
    const { port } = hostAndPort(endpoint);
    const shake = (ca: string | string[]) => look.handshake(of.address, port, domain, ca);
    const { certificate } = await shake(caPem);
    tell("certificate's name", tls.checkCertificateName(certificate, domain));
    tell("certificate's end", await of.end(certificate));
    const problemWith = async (ca: string | undefined) => (await shake(ca ?? look.systemCas())).problem;
    // Where nothing answers, nobody's trust is to blame.
    const clients = certificate
        ? tls.knownClients(machine.platform, registryAddress(domain, port, true))
        : [];
    for (const { name, programs, ca } of clients) {
        const here = of.ownDocker || name !== "docker";
        const there = here && programs.some((program) => which(program, machine.env) !== undefined);
        const own = ca === undefined ? undefined : readText(ca);
        const trust = await tls.checkTrust(name, there, own, problemWith);
        const both = rotation.checkBothTrusted(name, own === undefined ? look.systemCas() : [own], caPem);
        tell(`trust of ${name}`, there && trust.level === "ok" ? (both ?? trust) : trust);
    }
    const ca = rotation.checkRotation(keys, caPem, new Date());
    if (ca) tell("rotation of the CA", ca);
}

/** All of it, in its order. */
export async function checkAsClient(
    machine: Machine,
    facts: StackFacts,
    of: ClientChecks,
    tell: Tell,
): Promise<void> {
    await checkCertificate(machine, facts, of, tell);
    const target = registryTarget(facts, of.address, PUSH, ...USES);
    const former = rotation.checkFormerPasswords(facts.keys, new Date());
    if (former) tell("former passwords", former);
    const api = new RegistryApi(target);
    const anonymous = new RegistryApi({ ...target, login: undefined });
    try {
        const user = target.login?.user;
        const login = await checkLogin(api, anonymous, user, facts.users, of.logs);
        tell("login", login);
        const pushes = user === undefined ? noUsers(facts.users) : ableTo(facts.users, PUSH).includes(user);
        if (!pushes) tell("push", notTried(PUSH));
        else if (login.level !== "failure" && !of.collecting)
            for (const [name, finding] of await checkImage(api, of.logs)) tell(name, finding);
    } finally {
        api.close();
        anonymous.close();
    }
}
