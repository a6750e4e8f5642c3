/**
 * A registry on a host that the same program makes: its address is known when it is there. A STAND-IN for a machine, an
 * nginx in a container, hands the API of this Engine on at a port of the loopback.
 */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { PrivateRegistry } from "../../../../components";

const config = new pulumi.Config();
const prefix = `${pulumi.getProject()}-${pulumi.getStack()}`;

const NGINX = `user root;
events {}
http {
    access_log /dev/stdout;
    map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
    server {
        listen 2375;
        client_max_body_size 0;
        location / {
            proxy_pass http://unix:/engine.sock:;
            proxy_http_version 1.1;
            proxy_set_header Host docker;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_read_timeout 300s;
        }
    }
}
`;

const machine = new docker.Container("machine", {
    name: `${prefix}-machine`,
    image: config.require("frontImage"),
    entrypoints: ["nginx", "-c", "/nginx.conf", "-g", "daemon off; error_log stderr; pid /tmp/nginx.pid;"],
    command: [],
    uploads: [{ file: "/nginx.conf", content: NGINX }],
    volumes: [{ hostPath: config.require("socket"), containerPath: "/engine.sock" }],
    ports: [{ internal: 2375, external: config.requireNumber("machinePort"), ip: "127.0.0.1" }],
});

const registry = new PrivateRegistry("registry", {
    prefix,
    dockerHost: machine.ports.apply((ports) => `tcp://127.0.0.1:${ports?.[0]?.external ?? 0}`),
    domain: config.require("domain"),
    port: config.requireNumber("port"),
    bindAddress: config.require("bindAddress"),
    image: config.require("registryImage"),
    front: { image: config.require("frontImage") },
    users: { admin: { password: config.requireSecret("password") } },
    keepData: false,
});

export const caCertificatePem = registry.caCertificatePem;
