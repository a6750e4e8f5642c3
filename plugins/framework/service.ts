import { isDeepStrictEqual } from "node:util";

import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";

import { check } from "./check";
import { checkConfig } from "./config";
import { diff } from "./diff";
import { checkResponse, diffResponse, outputs } from "./messages";
import { type Package, type Props, type ResourceType } from "./resource";
import { fromStruct, toStruct } from "./values";

/** The type token in a URN, without the types of the parents. */
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").pop() ?? "";

/** The methods of a ResourceProvider (pulumi/pulumi, proto/pulumi/provider.proto) over the resources of a package. */
export class Service<C> {
    private config: Props = {};
    private connected: Promise<C> | undefined;

    constructor(private readonly pkg: Package<C>) {}

    /** What the resources get; made at first use, since most runs need none. */
    private client(): Promise<C> {
        this.connected ??= Promise.resolve(this.pkg.configure(this.config));
        return this.connected;
    }

    private absent(token: string): Error {
        const { name } = this.pkg;
        return new Error(
            `${token} is not implemented by the kit's embedded ${name} plugin; install the official one.`,
        );
    }

    private type(urn: string): ResourceType<C> {
        const token = typeOf(urn);
        const found = this.pkg.resources.find((resource) => resource.token === token);
        if (!found) throw this.absent(token);
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
        return checkResponse(news, checkConfig(news, this.pkg.config).failures);
    }

    /** Another host or credential reaches the same objects, so none is replaced; the engine configures anew. */
    async diffConfig(request: proto.DiffRequest): Promise<proto.DiffResponse> {
        const given = (struct: Struct | undefined) => checkConfig(fromStruct(struct), this.pkg.config).config;
        const [olds, news] = [given(request.getOldInputs()), given(request.getNews())];
        const changed = Object.keys({ ...olds, ...news }).filter(
            (key) => !isDeepStrictEqual(olds[key], news[key]),
        );
        return diffResponse(
            changed.map((property) => ({ property, kind: "update", replace: false })),
            false,
        );
    }

    async configure(request: proto.ConfigureRequest): Promise<proto.ConfigureResponse> {
        this.config = checkConfig(fromStruct(request.getArgs()), this.pkg.config).config;
        this.connected = undefined;
        const response = new proto.ConfigureResponse();
        response.setAcceptsecrets(false);
        response.setSupportspreview(true);
        return response;
    }

    async check(request: proto.CheckRequest): Promise<proto.CheckResponse> {
        const type = this.type(request.getUrn());
        const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
        const { inputs, failures } = check(type, request.getUrn(), olds, news);
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
        const type = this.type(request.getUrn());
        const inputs = fromStruct(request.getProperties());
        const response = new proto.CreateResponse();
        if (request.getPreview()) {
            response.setProperties(toStruct(inputs));
            return response;
        }
        const { id, outs } = await type.create(inputs, await this.client());
        response.setId(id);
        response.setProperties(outputs(id, outs, type.secretOutputs));
        return response;
    }

    async read(request: proto.ReadRequest): Promise<proto.ReadResponse> {
        const type = this.type(request.getUrn());
        const [state, inputs] = [fromStruct(request.getProperties()), fromStruct(request.getInputs())];
        const found = await type.read(request.getId(), state, inputs, await this.client());
        const response = new proto.ReadResponse();
        if (!found) return response;
        response.setId(found.id);
        response.setProperties(outputs(found.id, found.outs, type.secretOutputs));
        // A refresh keeps to the inputs that the program gives: the others are not the program's to change.
        const refresh = Object.keys(inputs).length > 0;
        const kept = Object.entries(found.inputs).filter(([key]) => !refresh || key in inputs);
        response.setInputs(toStruct(Object.fromEntries(kept), type.secretOutputs));
        return response;
    }

    async update(request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
        const type = this.type(request.getUrn());
        const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
        const id = request.getId();
        const response = new proto.UpdateResponse();
        if (!type.update) throw new Error(`${type.token} cannot be updated in place.`);
        // What an update in place does not touch stays known in a preview, and replaces nothing that depends on it.
        const outs = request.getPreview()
            ? { ...olds, ...news }
            : await type.update(id, olds, news, await this.client());
        response.setProperties(outputs(id, outs, type.secretOutputs));
        return response;
    }

    async delete(request: proto.DeleteRequest): Promise<Empty> {
        const type = this.type(request.getUrn());
        // A connection is made only where there is something to take away.
        if (type.delete)
            await type.delete(request.getId(), fromStruct(request.getProperties()), await this.client());
        return new Empty();
    }

    async invoke(request: proto.InvokeRequest): Promise<proto.InvokeResponse> {
        throw this.absent(request.getTok());
    }

    async attach(): Promise<Empty> {
        return new Empty();
    }

    async cancel(): Promise<Empty> {
        return new Empty();
    }
}
