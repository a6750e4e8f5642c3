/** Rules that need more than one key, or the text of a file. Each looks at what is valid by itself. */
import { chosenWay } from "./users";
import { nameProblem, userProblem } from "../components/auth/users";
import { conflicts } from "../components/registry/config-yml";

import { type Mistake, mistake, removeCommand, setCommand, show } from "./mistakes";
import { filesRule, ownCaRule } from "./rules-certificates";
import { redisRule } from "./rules-redis";
import { storageRules } from "./rules-storage";
import { headersRule } from "./rules-headers";
import { systemdRule } from "./rules-systemd";
import { mirrorRules } from "./rules-mirrors";
import { frontNames } from "./rules-names";
import { nexusRule } from "./rules-nexus";
import { front } from "./rules-front";
import type { Schema } from "./schema";

/** A configuration in which keys with mistakes are missing. */
export type Partial = { [K in keyof Schema]?: Schema[K] | undefined };

type Rule = (config: Partial) => Mistake[];

const users: Rule = ({ users, auth }) => {
    const entries = Object.entries(users ?? {});
    if (auth === false) {
        if (entries.length === 0) return [];
        return [
            mistake(["auth"], `is false, and ${entries.length} users are set`, "pulumi config set auth true"),
        ];
    }
    if (users && entries.length === 0) {
        const problem = "names no user; with authentication on, at least one is needed";
        return [mistake(["users"], problem, "pulumi config set --path users.admin.generate true")];
    }
    return entries.flatMap(([name, user]) => {
        const wrongName = nameProblem(name);
        if (wrongName) return [mistake(["users", name], wrongName, removeCommand(["users", name]))];
        const wrong = userProblem(chosenWay(user));
        if (!wrong) return [];
        const [only, surplus] = Object.keys(user).filter((key) =>
            ["password", "generate", "bcryptHash"].includes(key),
        );
        // A password beside the wrong hash would be one way to log in too many.
        const first = only === "bcryptHash" ? `${removeCommand(["users", name, only])} && ` : "";
        const fix =
            surplus === undefined
                ? first +
                  setCommand(["users", name, "password"], {
                      example: "'a password of 1 to 72 bytes'",
                      secret: true,
                  })
                : removeCommand(["users", name, surplus]);
        return [mistake(["users", name], wrong, fix)];
    });
};

const externalUrl: Rule = ({ externalUrl, tls }) => {
    if (!externalUrl || !tls) return [];
    const scheme = tls === "off" ? "http" : "https";
    return externalUrl.startsWith(`${scheme}:`)
        ? []
        : [
              mistake(
                  ["externalUrl"],
                  `is ${show(externalUrl)}; with tls: ${tls} it must begin with ${scheme}://`,
                  removeCommand(["externalUrl"]),
              ),
          ];
};

const validity: Rule = ({ site, ca, tls }) => {
    if (!site || !ca || tls !== "own-ca") return [];
    const mistakes: Mistake[] = [];
    if (site.earlyRenewalDays >= site.validityDays) {
        const problem = `is ${site.earlyRenewalDays}, not less than site.validityDays (${site.validityDays}): every \`up\` would make a new certificate`;
        mistakes.push(
            mistake(
                ["site", "earlyRenewalDays"],
                problem,
                `pulumi config set --path site.earlyRenewalDays ${Math.min(30, Math.floor(site.validityDays / 3))}`,
            ),
        );
    }
    if (!ca.cert && site.validityDays > ca.validityDays) {
        const problem = `is ${site.validityDays}, longer than the CA's own ${ca.validityDays} days`;
        mistakes.push(
            mistake(
                ["site", "validityDays"],
                problem,
                `pulumi config set --path site.validityDays ${Math.min(397, ca.validityDays)}`,
            ),
        );
    }
    return mistakes;
};

/** Names of the registry image whose tags tell its version. */
const VERSIONED = /(^|\/)(registry|distribution\/distribution):v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/;

const image: Rule = ({ image }) => {
    const [, , , major, minor, patch] = VERSIONED.exec(image ?? "") ?? [];
    if (major === undefined) return [];
    const old = Number(major) < 3 || (major === "3" && (minor === "0" || (minor === "1" && patch === "0")));
    if (!old) return [];
    const problem = `is ${show(image)}; it must be 3.1.1 or newer (CVE-2026-41888: tags are deleted although deleteEnabled is false)`;
    return [mistake(["image"], problem, "pulumi config rm image")];
};

const registryConfig: Rule = ({ registryConfig, storage, cache }) =>
    conflicts(registryConfig ?? {}, storage?.driver, cache).map((conflict) => {
        const { instead } = conflict;
        const steps = ["registryConfig", ...conflict.steps];
        return mistake(steps, `contradicts what the kit sets; change ${instead}`, removeCommand(steps));
    });

const RULES: readonly Rule[] = [
    users,
    storageRules,
    redisRule,
    externalUrl,
    validity,
    ownCaRule,
    filesRule,
    image,
    front,
    registryConfig,
    systemdRule,
    headersRule,
    mirrorRules,
    nexusRule,
    frontNames,
];

/** Every mistake that the rules find. */
export function rules(config: Partial): Mistake[] {
    return RULES.flatMap((rule) => rule(config));
}
