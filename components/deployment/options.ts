/** The options of where a deployment goes, and what is its own. */
import * as z from "zod";

import { option, plain } from "../definition/option";
import { objectName } from "../definition/values";
import { ENGINE_URL } from "../../engine/endpoint";

export const deploymentOptions = {
    dockerHost: option(z.string().regex(ENGINE_URL).optional(), {
        description: "Docker Engine to deploy to",
        default: "DOCKER_HOST, the current docker context, the local socket",
        allowed: "a URL that begins with unix://, tcp://, ssh:// or npipe://",
        example: "ssh://root@docker.example.com",
    }),
    adopt: option(z.array(objectName).default([]), {
        description:
            "What another deployment made and this one takes over: identities of lost deployments, or names of Docker objects (docs/ownership.md)",
        allowed: "a list of identities and of names of Docker objects",
        example: ["0123456789abcdef0123456789abcdef"],
    }),
    target: plain(z.enum(["docker", "kubernetes", "systemd"]).default("docker"), {
        description:
            "docker: a container. kubernetes: pods of a cluster (docs/kubernetes.md). systemd: no Docker at all, `npm run export` makes the files for a host that has none",
        allowed: "docker, kubernetes or systemd",
        example: "systemd",
    }),
    prefix: plain(objectName.optional(), {
        description: "Start of the name of every Docker object",
        default: "the component's name",
        allowed: "a Docker container name (letters, digits, _ . -)",
        example: "registry",
        program: true,
    }),
    stackKey: plain(z.string().min(1).optional(), {
        description:
            "A text that no other stack has and that outlives `pulumi destroy`: by it kept data is known again",
        default: "what Pulumi wrote into the stack's file",
        allowed: "a string",
        example: "v1:Zm9v",
        program: true,
    }),
};
