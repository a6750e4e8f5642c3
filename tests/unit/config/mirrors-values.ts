/** What a mirror must have; two of them. */
export const HUB = { upstream: "https://registry-1.docker.io", port: 5443 };
export const QUAY = { upstream: "https://quay.io", port: 5444 };
