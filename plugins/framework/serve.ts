/**
 * Serves a package as a Pulumi provider plugin, over the stubs of @pulumi/pulumi. Its own provider server is not used:
 * it drops the arguments of Configure and the old inputs of Diff, and loads the whole SDK (docs/adr/0002).
 */
import * as grpc from "@grpc/grpc-js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";

import { failureOf } from "./messages";
import type { Package, Props } from "./resource";
import { Service } from "./service";
import { fromStruct } from "./values";

/** A message of at most 400 MiB, as the engine allows. */
const MESSAGE_LIMIT = 1024 * 1024 * 400;

const METHODS = [
    "getPluginInfo",
    "getSchema",
    "checkConfig",
    "diffConfig",
    "configure",
    "check",
    "diff",
    "create",
    "read",
    "update",
    "delete",
    "invoke",
    "attach",
    "cancel",
] as const;

/** A request of any method; the inputs of Create, Update and Read are called differently. */
interface AnyRequest {
    getProperties?: () => Struct | undefined;
    getNews?: () => Struct | undefined;
    getInputs?: () => Struct | undefined;
}
type Call = grpc.ServerUnaryCall<AnyRequest, unknown>;
type Respond = (error: Partial<grpc.ServiceError> | null, value?: unknown) => void;

const inputsOf = (request: AnyRequest): Props =>
    fromStruct(request.getNews?.() ?? request.getInputs?.() ?? request.getProperties?.());

/** Answers a call with what a method gives. */
function handler<C>(service: Service<C>, name: (typeof METHODS)[number]) {
    const method = service[name] as (request: unknown) => Promise<unknown>;
    return (call: Call, respond: Respond) => {
        method.call(service, call.request).then(
            (value) => respond(null, value),
            (error: unknown) => respond(failureOf(error, inputsOf(call.request))),
        );
    };
}

/** Serves until the engine ends the process, or is gone itself. Prints the port, which is how the engine finds it. */
export function serve<C>(pkg: Package<C>): void {
    const service = new Service(pkg);
    const server = new grpc.Server({
        "grpc.max_receive_message_length": MESSAGE_LIMIT,
        "grpc.max_send_message_length": MESSAGE_LIMIT,
    });
    server.addService(
        ResourceProviderService as unknown as grpc.ServiceDefinition,
        Object.fromEntries(
            METHODS.map((name) => [name, handler(service, name)]),
        ) as grpc.UntypedServiceImplementation,
    );
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error) throw error;
        process.stdout.write(`${port}\n`);
    });
    // The engine holds the other end of this pipe and never writes to it. It closes when the engine was killed, which
    // would otherwise leave the plugin behind.
    process.stdin.on("end", () => process.exit()).resume();
}
