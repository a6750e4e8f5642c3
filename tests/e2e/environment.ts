/**
 * Variables of this shell for the commands of a test that has a state of its own, and downloads nothing: without those that name the
 * reader's stack.
 */
export function environment(): NodeJS.ProcessEnv {
    const env = { ...process.env };
    for (const name of [
        "PULUMI_STACK",
        "PULUMI_BACKEND_URL",
        "PULUMI_CONFIG_PASSPHRASE",
        "PULUMI_CONFIG_PASSPHRASE_FILE",
        // Node 20 reads the file at each start, in 0.1 s of a core: an `up` starts Node four times.
        "NODE_EXTRA_CA_CERTS",
    ])
        delete env[name];
    // Tests start Pulumi by the hundred for half a second each: a sixth of that would go into Go's garbage collector. A benchmark
    // measures what its reader has.
    return env.JEST_WORKER_ID === undefined ? env : { ...env, GOGC: "400" };
}
