/**
 * Serves a package as a Pulumi provider plugin, over the stubs of @pulumi/pulumi. Its own provider server is not used:
 * it drops the arguments of Configure and the old inputs of Diff, and loads the whole SDK (docs/adr/0002).
 */
import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import * as status from "@pulumi/pulumi/proto/status_pb";

import { check, checkMembers, type Failure } from "./check";
import { type Change, diff } from "./diff";
import { InitializationError, type Package, type Props, type ResourceType } from "./resource";
import { fromStruct, toStruct } from "./values";

/** A message of at most 400 MiB, as the engine allows. */
const MESSAGE_LIMIT = 1024 * 1024 * 400;

type Call<Req> = grpc.ServerUnaryCall<Req, unknown>;
type Respond = (error: Partial<grpc.ServiceError> | null, value?: unknown) => void;

function checkResponse(inputs: Props, failures: Failure[]): proto.CheckResponse {
    const response = new proto.CheckResponse();
    response.setInputs(toStruct(inputs));
    for (const { property, reason } of failures) {
        const failure = new proto.CheckFailure();
        failure.setProperty(property);
        failure.setReason(reason);
        response.addFailures(failure);
    }
    return response;
}

const { Kind } = proto.PropertyDiff;
const KINDS = {
    add: [Kind.ADD, Kind.ADD_REPLACE],
    delete: [Kind.DELETE, Kind.DELETE_REPLACE],
    update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

function diffResponse(changes: Change[], deleteBeforeReplace: boolean): proto.DiffResponse {
    const response = new proto.DiffResponse();
    const { DIFF_SOME, DIFF_NONE } = proto.DiffResponse.DiffChanges;
    response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE);
    response.setHasdetaileddiff(true);
    response.setDeletebeforereplace(deleteBeforeReplace);
    for (const { property, kind, replace } of changes) {
        const detail = new proto.PropertyDiff();
        detail.setKind(KINDS[kind][replace ? 1 : 0]);
        response.getDetaileddiffMap().set(property, detail);
        response.addDiffs(property);
        if (replace) response.addReplaces(property);
    }
    return response;
}

/** The official plugins write the ID among the outputs as well. */
const outputs = (id: string, outs: Props) => toStruct({ ...outs, id });

/** A gRPC error; for an object that exists and is not ready, with what Pulumi keeps of it in state. */
function failureOf(error: unknown, inputs?: Props): Partial<grpc.ServiceError> {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof InitializationError)) return { code: grpc.status.UNKNOWN, details: message };
    const detail = new proto.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(outputs(error.id, error.outs));
    detail.setReasonsList(error.reasons);
    if (inputs) detail.setInputs(toStruct(inputs));
    const packed = new Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const details = new status.Status();
    details.setCode(grpc.status.UNKNOWN);
    details.setMessage(message);
    details.addDetails(packed);
    const metadata = new grpc.Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(details.serializeBinary()));
    return { code: grpc.status.UNKNOWN, details: message, metadata };
}

/** The type token in a URN, without the types of the parents. */
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").pop() ?? "";

/** Provider configuration comes as text where it is no string: `pulumi config` and the SDK encode it as JSON. */
function decode(config: Props, pkg: Package<unknown>): Props {
    const known = Object.entries(config).filter(([key]) => !["version", "pluginDownloadURL"].includes(key));
    return Object.fromEntries(
        known.map(([key, value]) => {
            const json =
                typeof value === "string" &&
                pkg.config[key] !== undefined &&
                pkg.config[key].type !== "string";
            return [key, json ? (JSON.parse(value) as unknown) : value];
        }),
    );
}

class Service<C> {
    private config: Props = {};
    private connected: Promise<C> | undefined;

    constructor(private readonly pkg: Package<C>) {}

    /** What the resources get; made at first use, since most runs need none. */
    private client(): Promise<C> {
        this.connected ??= Promise.resolve(this.pkg.configure(this.config));
        return this.connected;
    }

    private type(urn: string): ResourceType<C> {
        const token = typeOf(urn);
        const found = this.pkg.resources.find((resource) => resource.token === token);
        if (!found)
            throw new Error(
                `${token} is not implemented by the kit's embedded ${this.pkg.name} plugin; install the official one.`,
            );
        return found;
    }

    async getPluginInfo(): Promise<plugin.PluginInfo> {
        const info = new plugin.PluginInfo();
        info.setVersion(this.pkg.version);
        return info;
    }

    async getSchema(): Promise<proto.GetSchemaResponse> {
        const response = new proto.GetSchemaResponse();
        response.setSchema(JSON.stringify({ name: this.pkg.name, version: this.pkg.version }));
        return response;
    }

    async checkConfig(request: proto.CheckRequest): Promise<proto.CheckResponse> {
        const news = fromStruct(request.getNews());
        const failures: Failure[] = [];
        checkMembers("", decode(news, this.pkg as Package<unknown>), this.pkg.config, failures);
        return checkResponse(news, failures);
    }

    async diffConfig(): Promise<proto.DiffResponse> {
        // Another host or credential reaches the same objects; nothing of the state depends on it.
        return diffResponse([], false);
    }

    async configure(request: proto.ConfigureRequest): Promise<proto.ConfigureResponse> {
        this.config = decode(fromStruct(request.getArgs()), this.pkg as Package<unknown>);
        this.connected = undefined;
        const response = new proto.ConfigureResponse();
        response.setAcceptsecrets(false);
        response.setSupportspreview(false);
        return response;
    }

    async check(request: proto.CheckRequest): Promise<proto.CheckResponse> {
        const type = this.type(request.getUrn());
        const { inputs, failures } = check(
            type,
            request.getUrn(),
            fromStruct(request.getOlds()),
            fromStruct(request.getNews()),
        );
        return checkResponse(inputs, failures);
    }

    async diff(request: proto.DiffRequest): Promise<proto.DiffResponse> {
        const type = this.type(request.getUrn());
        const ignored = new Set(request.getIgnorechangesList());
        const changes = diff(
            type,
            fromStruct(request.getOlds()),
            fromStruct(request.getOldInputs()),
            fromStruct(request.getNews()),
        ).filter((change) => !ignored.has(change.property));
        return diffResponse(changes, type.deleteBeforeReplace ?? false);
    }

    async create(request: proto.CreateRequest): Promise<proto.CreateResponse> {
        const { id, outs } = await this.type(request.getUrn()).create(
            fromStruct(request.getProperties()),
            await this.client(),
        );
        const response = new proto.CreateResponse();
        response.setId(id);
        response.setProperties(outputs(id, outs));
        return response;
    }

    async read(request: proto.ReadRequest): Promise<proto.ReadResponse> {
        const [state, inputs] = [fromStruct(request.getProperties()), fromStruct(request.getInputs())];
        const found = await this.type(request.getUrn()).read(
            request.getId(),
            state,
            inputs,
            await this.client(),
        );
        const response = new proto.ReadResponse();
        if (!found) return response;
        response.setId(found.id);
        response.setProperties(outputs(found.id, found.outs));
        // A refresh keeps to the inputs that the program gives: the others are not the program's to change.
        const refresh = Object.keys(inputs).length > 0;
        const kept = Object.entries(found.inputs).filter(([key]) => !refresh || key in inputs);
        response.setInputs(toStruct(Object.fromEntries(kept)));
        return response;
    }

    async update(request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
        const type = this.type(request.getUrn());
        const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
        if (!type.update) throw new Error(`${type.token} cannot be updated in place.`);
        const response = new proto.UpdateResponse();
        const outs = await type.update(request.getId(), olds, news, await this.client());
        response.setProperties(outputs(request.getId(), outs));
        return response;
    }

    async delete(request: proto.DeleteRequest): Promise<Empty> {
        const type = this.type(request.getUrn());
        // A connection is made only where there is something to take away.
        if (type.delete)
            await type.delete(request.getId(), fromStruct(request.getProperties()), await this.client());
        return new Empty();
    }

    async attach(): Promise<Empty> {
        return new Empty();
    }

    async cancel(): Promise<Empty> {
        return new Empty();
    }
}

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
    "attach",
    "cancel",
] as const;

/** Answers a call with what a method gives. */
function handler<C>(service: Service<C>, name: (typeof METHODS)[number]) {
    return (call: Call<{ getProperties?: () => never }>, respond: Respond) => {
        const method = service[name] as (request: unknown) => Promise<unknown>;
        const inputs = () => (name === "create" ? fromStruct(call.request.getProperties?.()) : undefined);
        method.call(service, call.request).then(
            (value) => respond(null, value),
            (error: unknown) => respond(failureOf(error, inputs())),
        );
    };
}

/** Serves until the engine ends the process. Prints the port, which is how the engine finds it. */
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
}
