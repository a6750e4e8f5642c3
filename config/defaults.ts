/** The registry image that the kit deploys where the configuration names none. */
export const DEFAULT_IMAGE = "registry:3.1.2";
