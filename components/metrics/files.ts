/** Where the numbers lie: a volume in memory, which the registry, the front and what counts share. */

/** Where that volume is mounted in each of them. */
export const METRICS_FOLDER = "/run/metrics";
/** What is served: all numbers in the text format of Prometheus, written every few seconds, whole or not at all. */
export const METRICS_FILE = "all.prom";
/** What the page tells of the store, JSON. */
export const STORE_FILE = "store.json";
/** The registry's own numbers, as its health check leaves them. */
export const REGISTRY_FILE = "registry.prom";
/** When the certificate of a directory ends, how long it lives, how many attempts in a row to renew it failed: numbers in a line. */
export const DIRECTORY_FILE = "directory";
/** It is told anew each minute; after so many seconds without, nobody asks the directory any more. An attempt takes minutes. */
export const SILENT_SECONDS = 600;
/** The front writes a line for each request into a file of that moment; what counts takes the files away. */
export const LINES = "front";
/** A line of a request, by nginx's variables. No value has a space in it; the last one may be missing. */
export const LINE = "$server_name $action $status $body_bytes_sent $request_length $request_time $refusal";
/** Seconds of requests in one of those files. A power of ten: nginx cuts its clock by digits. */
export const SLOT_SECONDS = 10;
/** Where the ends of commands are kept, a file each with the time in it, in what counts alone. */
export const RUNS_FOLDER = "/var/lib/runs";

/** Name of the container that counts. */
export const metricsName = (prefix: string): string => `${prefix}-metrics`;
