/**
 * Stream of the errors (`streamId` of pulumi.log) that say in one sentence what the Engine refused for a resource: what the provider
 * says of the same resource is the same once more, raw. A file of its own, so that who reads it needs no Pulumi.
 */
export const EXPLAINED = 20_260;
