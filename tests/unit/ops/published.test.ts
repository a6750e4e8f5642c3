import { publishedAddress } from "../../../ops/facts/published";
import type { StackFacts } from "../../../ops/facts/stack-facts";

const facts = (target: string | undefined, endpoint: string) =>
    ({
        stack: { settings: { target } },
        endpoint: new URL(endpoint),
        engine: { url: "unix:///nonexistent/docker.sock" },
        engineProblem: "it is not there",
    }) as unknown as StackFacts;

test.each([
    ["kubernetes", "https://docker.example.com:8443", "docker.example.com"],
    ["kubernetes", "https://[2001:db8::1]", "2001:db8::1"],
    ["docker", "https://docker.example.com:8443", "127.0.0.1"],
    [undefined, "https://docker.example.com", "127.0.0.1"],
])(
    "with target %s, %s is reached at its name on a cluster, and at the Engine's host else",
    async (target, endpoint, address) => {
        expect(await publishedAddress(facts(target, endpoint))).toBe(address);
    },
);
