/** Lines for a terminal. */
import type { Kind } from "./manifest";
import { nameOf } from "./route";

/** Tool → its line. */
export type Lines = Record<string, string>;

/** @param host name and port of the registry */
export function pullLines(host: string, repository: string, reference: string, kind: Kind): Lines {
    const name = `${host}/${nameOf(repository, reference)}`;
    if (kind === "helm") {
        const chart = `oci://${host}/${repository}`;
        // Helm has a + in versions, where a tag cannot: it is written as _.
        const which = reference.includes(":")
            ? `${chart}@${reference}`
            : `${chart} --version ${reference.replaceAll("_", "+")}`;
        return { helm: `helm pull ${which}`, oras: `oras pull ${name}` };
    }
    if (kind === "artifact") return { oras: `oras pull ${name}` };
    return {
        docker: `docker pull ${name}`,
        podman: `podman pull ${name}`,
        containerd: `ctr images pull --hosts-dir /etc/containerd/certs.d --user USER ${name}`,
        nerdctl: `nerdctl pull ${name}`,
    };
}

/** @param user where one is logged in */
export const loginLines = (host: string, user = ""): Lines => {
    const as = user === "" ? "" : ` -u ${quoted(user)}`;
    return {
        docker: `docker login${as} ${host}`,
        podman: `podman login${as} ${host}`,
        nerdctl: `nerdctl login${as} ${host}`,
        helm: `helm registry login${as} ${host}`,
    };
};

/** A word of a shell. */
const quoted = (text: string): string =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
