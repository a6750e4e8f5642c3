/** Ports inside the registry's container. */

/** Unprivileged, so that the container needs no capability. */
export const REGISTRY_PORT = 5000;
/** Of health and metrics: plain HTTP, on the container's loopback alone, never published. */
export const DEBUG_PORT = 5001;
