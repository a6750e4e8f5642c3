/** Answers of a provider plugin in Pulumi's wire format. */
import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import * as status from "@pulumi/pulumi/proto/status_pb";

import type { Failure } from "./check";
import type { Change } from "./diff";
import { InitializationError, type Props } from "./resource";
import { toStruct } from "./values";

export function checkResponse(inputs: Props, failures: Failure[]): proto.CheckResponse {
    const response = new proto.CheckResponse();
    response.setInputs(toStruct(inputs));
    for (const { property, reason } of failures) {
        const failure = new proto.CheckFailure();
        // The path goes into the sentence: of a property by itself the engine would print the value too.
        failure.setReason(property === "" ? reason : `${property} ${reason}`);
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

export function diffResponse(changes: Change[], deleteBeforeReplace: boolean): proto.DiffResponse {
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

/** Outputs as State holds them. The official plugins write the ID among them as well. */
export const outputs = (id: string, outs: Props, secrets?: readonly string[]) =>
    toStruct({ ...outs, id }, secrets);

/**
 * A gRPC error; for an object that exists and is not ready, with what Pulumi keeps of it in state.
 *
 * @param inputs of the request that failed
 */
export function failureOf(error: unknown, inputs: Props): Partial<grpc.ServiceError> {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof InitializationError)) return { code: grpc.status.UNKNOWN, details: message };
    const detail = new proto.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(outputs(error.id, error.outs));
    detail.setReasonsList(error.reasons);
    detail.setInputs(toStruct(inputs));
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
