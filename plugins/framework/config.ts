import { checkMembers, type Failure } from "./check";
import { type InputRule, type Props, UNKNOWN } from "./resource";
import { unwrapped } from "./values";

/** Properties of every provider resource, which are the engine's. */
const ENGINE_KEYS: readonly string[] = ["version", "pluginDownloadURL"];

/**
 * Provider configuration, checked and decoded. It comes as text where it is no string: `pulumi config` and the SDKs
 * encode it as JSON.
 */
export function checkConfig(
    given: Props,
    rules: Readonly<Record<string, InputRule>>,
): { config: Props; failures: Failure[] } {
    const failures: Failure[] = [];
    const decode = (key: string, value: unknown): unknown => {
        const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
        if (typeof value !== "string" || value === UNKNOWN || !rule || rule.type === "string") return value;
        try {
            return JSON.parse(value) as unknown;
        } catch {
            // Check says that it is not of its type.
            return value;
        }
    };
    const decoded = Object.entries(given)
        .filter(([key]) => !ENGINE_KEYS.includes(key))
        .map(([key, value]) => [key, decode(key, unwrapped(value))]);
    return { config: checkMembers("", Object.fromEntries(decoded) as Props, rules, failures), failures };
}
