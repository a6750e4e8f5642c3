/**
 * How a mirror logs in at its upstream.
 *
 * The registry asks a program for the login (`proxy.exec`) and not its config.yml (`proxy.username`): with the latter
 * it asks the upstream for its token server when it starts, and ends where the upstream does not answer. A cache must
 * come up without its upstream (distribution 3.1.2, registry/proxy/proxyauth.go, getAuthURLs).
 */

/** File name of the program, in the configuration's folder. */
export const LOGIN_FILE = "upstream-login";

/**
 * The program: prints the login as docker-credential-helpers do, whatever it is asked.
 *
 * @param login nothing where the upstream is read without one
 */
export function renderLogin(login?: { username: string; password: string }): string {
    const answer = JSON.stringify({ Username: login?.username ?? "", Secret: login?.password ?? "" });
    // JSON has no line break, so no line of it is the end mark.
    return `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`;
}
