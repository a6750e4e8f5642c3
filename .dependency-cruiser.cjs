"use strict";
/**
 * The rooms of the source and the arrows between them. A room may use what stands behind it, its own files and packages: so no
 * arrow goes back up, and there is no circle of rooms. What is only a type may look anywhere: it is gone when the code runs.
 */
const ROOMS = {
    // Words of commands and of screens.
    text: [],
    // How hosts, registries, upstreams and images are written.
    address: ["text"],
    // The one client of the Docker Engine.
    engine: ["address"],
    // What a client machine gets.
    clients: ["address", "text"],
    // How an option is written, checked and mended.
    "components/definition": ["address", "text"],
    "components/tls": ["components/definition", "address"],
    "components/auth": ["components/definition"],
    "components/retention": ["components/definition"],
    "components/backup": ["components/definition", "address"],
    "components/sync": ["components/auth", "components/definition", "components/tls", "address"],
    "components/outbound": ["components/definition", "text"],
    "components/storage": ["components/definition", "components/outbound", "components/tls", "address"],
    "components/deployment": ["components/definition", "components/storage", "address", "engine"],
    // The numbers for Prometheus.
    "components/metrics": [
        "text",
        "components/definition",
        "components/deployment",
        "components/storage",
        "address",
    ],
    "components/registry": [
        ...["components/definition", "components/deployment", "components/outbound", "components/storage"],
        "components/metrics",
        "components/tls",
        "address",
    ],
    "components/cache": ["components/deployment", "components/registry"],
    "components/front": [
        "components/auth",
        "components/definition",
        "components/deployment",
        "components/metrics",
        "components/registry",
        "components/tls",
        "address",
    ],
    "components/acme": [
        ...["components/definition", "components/deployment", "components/front", "components/outbound"],
        ...["components/metrics", "components/registry", "components/tls", "text"],
    ],
    "components/mirror": [
        ...["components/definition", "components/deployment", "components/front", "components/registry"],
        ...["components/storage", "components/tls", "address", "clients"],
    ],
    "components/nexus": ["components/definition", "components/deployment", "components/outbound"],
    "components/kubernetes": [
        ...["components/auth", "components/cache", "components/definition", "components/deployment"],
        ...[
            "components/front",
            "components/metrics",
            "components/mirror",
            "components/outbound",
            "components/registry",
            "components/storage",
            "components/tls",
            "address",
            "clients",
        ],
    ],
    // A host without Docker.
    host: ["components/definition", "components/deployment", "components/registry", "text"],
    // The components together: components/*.ts.
    components: ["components/*", "address", "clients", "engine", "host", "text"],
    // Makes the machine ready.
    setup: ["components", "components/*", "address", "engine", "text"],
    // The one client of a Kubernetes cluster.
    cluster: ["setup"],
    // A stack's configuration.
    config: ["setup", "components", "components/*", "address", "engine", "text"],
    // The commands.
    "ops/shared": ["cluster", "config", "setup", "components/*", "address", "clients", "engine", "text"],
    "ops/store": ["ops/shared", "setup", "components/*", "engine"],
    "ops/gc": ["address", "cluster", "ops/shared", "ops/store", "setup", "components/*", "engine", "text"],
    "ops/backup": [
        "cluster",
        "ops/facts",
        "ops/gc",
        "ops/shared",
        "ops/store",
        "setup",
        "components/*",
        "address",
        "engine",
        "text",
    ],
    "ops/facts": ["ops/gc", "ops/shared", "setup", "components/*", "address", "engine", "text"],
    "ops/doctor": [
        "cluster",
        "ops/facts",
        "ops/gc",
        "ops/shared",
        "ops/store",
        "setup",
        "components/*",
        "address",
        "engine",
    ],
    "ops/audit": ["ops/shared", "setup", "components/*"],
    "ops/import": ["ops/shared", "setup", "components/*", "engine", "text"],
    "ops/rotate": ["ops/facts", "ops/shared", "config", "setup", "components/*", "engine", "text"],
    "ops/monitoring": ["components/*"],
    "ops/schedule": ["ops/shared", "setup", "text"],
    "ops/bundle": ["setup"],
    "ops/retain": ["address", "ops/gc", "ops/shared", "ops/store", "setup", "components/*", "engine"],
    "ops/sync": ["ops/gc", "ops/shared", "components/*", "address", "engine", "text"],
    "ops/client": ["ops/facts", "ops/shared", "setup", "address", "clients", "text"],
    "ops/upgrade": [
        ...["ops/backup", "ops/facts", "ops/gc", "ops/retain", "ops/shared"],
        ...["config", "setup", "components/*", "address", "engine"],
    ],
    ops: [
        "ops/*",
        "config",
        "setup",
        "components",
        "components/*",
        "address",
        "clients",
        "engine",
        "host",
        "text",
    ],
    // The embedded provider plugins, and the components as a package.
    "plugins/framework": ["engine", "text"],
    "plugins/docker": ["plugins/framework", "components/deployment", "address", "engine", "text"],
    "plugins/nexus": ["plugins/framework", "engine", "text"],
    "plugins/random": ["plugins/framework"],
    "plugins/tls": ["plugins/framework"],
    "plugins/private-registry": ["components"],
    // The page: it runs in a browser, and knows the registry by its answers alone.
    ui: [],
    // What is made of the definitions, of the page's sources, and of the package.
    generate: ["config", "setup", "components", "components/*", "text"],
};

/** Files of a room: of one that has rooms in it, its own files alone. */
const filesOf = (room) =>
    room.endsWith("/*")
        ? `^${room.slice(0, -1)}`
        : Object.keys(ROOMS).some((other) => other.startsWith(`${room}/`))
          ? `^${room}/[^/]+$`
          : `^${room}/`;

module.exports = {
    forbidden: [
        {
            name: "circle",
            comment: "Files that need each other are one thing, or a third one is missing.",
            severity: "error",
            from: {},
            to: { circular: true },
        },
        {
            name: "no room",
            comment: "A new folder is a room: write down here what it may use.",
            severity: "error",
            from: { pathNot: [...Object.keys(ROOMS).map(filesOf), "^index\\.ts$"] },
            to: {},
        },
        ...Object.entries(ROOMS).map(([room, below]) => ({
            name: `arrow from ${room}`,
            comment: `It may use ${below.join(", ") || "no other room"}.`,
            severity: "error",
            from: { path: filesOf(room) },
            to: {
                pathNot: [filesOf(room), ...below.map(filesOf), "node_modules", "\\.json$"],
                dependencyTypesNot: ["core"],
            },
        })),
    ],
    options: {
        doNotFollow: { path: "node_modules" },
        tsConfig: { fileName: "tsconfig.check.json" },
        // Without imports that are types alone.
        tsPreCompilationDeps: false,
    },
};
