/** What a deployment leaves open, in sentences that `pulumi up` shows. */
import { mended } from "./definition/mend";
import { remove, set } from "./definition/problem";

/**
 * @param tls the registry serves TLS
 * @param login it has users
 */
export function warnings(tls: boolean, login: boolean): string[] {
    const found: string[] = [];
    if (!tls && login)
        found.push(
            "TLS is off: passwords and images travel in clear, and whoever is on the way can read and change them. " +
                `For a closed network only. To turn TLS on: ${mended(remove(["tls"]))}`,
        );
    if (!login)
        found.push(
            "Authentication is off: anyone who reaches the port may push, overwrite and delete images" +
                `${tls ? "" : ", in clear"}. For a closed network only. To turn it on: ` +
                mended(remove(["auth"]), set(["users", "admin", "generate"], true)),
        );
    return found;
}
