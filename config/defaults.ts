/** The registry image that the kit deploys where the configuration names none. */
export const DEFAULT_IMAGE = "registry:3.1.2";
/** The image of the nginx front where the configuration names none. */
export { FRONT_IMAGE as DEFAULT_FRONT_IMAGE } from "../components/front/default";
/** The image of the Redis cache where the configuration names none. */
export const DEFAULT_REDIS_IMAGE = "redis:7.4";
