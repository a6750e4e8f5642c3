/** What a mirror writes: its clients' files, its login program, its config.yml. */
import {
    containerdHostsToml,
    dockerDaemonJson,
    type MirrorFacts,
    registriesConf,
} from "../../../components/mirror/clients";

import { expectGolden } from "./golden";

const MIRRORS: Record<string, MirrorFacts> = {
    hub: {
        endpoint: "https://docker.example.com:5443",
        upstream: "https://registry-1.docker.io",
        ownCa: true,
    },
    "hub-http": {
        endpoint: "http://docker.example.com:5001",
        upstream: "https://registry-1.docker.io",
        ownCa: false,
    },
    other: {
        endpoint: "https://docker.example.com:5444",
        upstream: "http://registry.example.com:5000",
        ownCa: false,
    },
};

test.each(Object.entries(MIRRORS))("golden: mirror-%s-*", (name, facts) => {
    expectGolden(`mirror-${name}-hosts.toml`, containerdHostsToml(facts));
    expectGolden(`mirror-${name}-registries.conf`, registriesConf(facts));
    const json = dockerDaemonJson(facts);
    // Docker uses a mirror for images of Docker Hub alone.
    if (name === "other") expect(json).toBe("");
    else expectGolden(`mirror-${name}-daemon.json`, json);
});
