/** What PrivateRegistry is given for a stack's configuration: the same, and what the program knows beside it. */
import * as pulumi from "@pulumi/pulumi";

import type { PrivateRegistryArgs } from "../components";
import { infoAt } from "../components/definition/option";
import { stackKeyOf } from "../components/deployment/stack-key";
import { CONFIG_FILE } from "../setup/stack";

import { withImages } from "./images";
import { type Config, kitOptions, options } from "./options";

/** The same with secrets that Pulumi keeps as such. */
function withSecrets(value: unknown, path: readonly PropertyKey[] = []): unknown {
    if (pulumi.Output.isInstance(value)) return value;
    if (Array.isArray(value)) return value.map((one, i) => withSecrets(one, [...path, i]));
    if (typeof value === "object" && value !== null)
        return Object.fromEntries(
            Object.entries(value).map(([key, inner]) => [key, withSecrets(inner, [...path, key])]),
        );
    return typeof value === "string" && infoAt(options, path)?.secret ? pulumi.secret(value) : value;
}

/** The proxy of the configuration, and where that says so of the machine's own variables. */
function proxyOf({ proxy, proxyFromEnvironment }: Config, environment: NodeJS.ProcessEnv): Config["proxy"] {
    const own = (name: string) =>
        (proxyFromEnvironment && (environment[name] || environment[name.toLowerCase()])) || undefined;
    return {
        http: proxy.http ?? own("HTTP_PROXY"),
        https: proxy.https ?? own("HTTPS_PROXY"),
        none:
            proxy.none.length > 0
                ? proxy.none
                : (own("NO_PROXY")
                      ?.split(/[\s,]+/)
                      .filter(Boolean) ?? []),
    };
}

/** @param environment variables of this machine: for proxyFromEnvironment, and CONFIG_FILE */
export function argumentsOf(config: Config, environment: NodeJS.ProcessEnv): PrivateRegistryArgs {
    const given = Object.fromEntries(Object.entries(config).filter(([key]) => !(key in kitOptions))) as Omit<
        Config,
        keyof typeof kitOptions
    >;
    const { stack, project } = { stack: pulumi.getStack(), project: pulumi.getProject() };
    const logFields =
        Object.keys(config.logFields).length > 0
            ? config.logFields
            : { service: "registry", environment: stack };
    const args = withImages({ ...given, proxy: proxyOf(config, environment) });
    const own = { prefix: `${project}-${stack}`, stackKey: stackKeyOf(environment[CONFIG_FILE]) };
    return withSecrets({ ...args, logFields, ...own }) as PrivateRegistryArgs;
}
