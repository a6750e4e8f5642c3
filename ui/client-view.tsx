import { loginLines } from "./commands";
import { Choice, Line } from "./parts";
import { useShown, useTitle } from "./shown";

/** How a machine is set up to use the registry. */
export function ClientView() {
    const { facts, host, me, user, words } = useShown();
    useTitle(`${words.setUp} · ${host}`);
    /** Whom nobody knows may push: there are no logins. */
    const open = user === "" && me.role === "push";
    const { oneLine, oneLineWindows } = facts.setUp ?? {};
    return (
        <>
            <nav class="path" aria-label={words.repositories}>
                <a href="#">{words.repositories}</a>
            </nav>
            <h1>{words.setUp}</h1>
            {oneLine !== undefined && (
                <section class="card">
                    <p>{words.clientIntro}</p>
                    <h2>{words.linux}</h2>
                    <Line text={oneLine} />
                    {oneLineWindows !== undefined && (
                        <>
                            <h2>{words.windows}</h2>
                            <Line text={oneLineWindows} />
                        </>
                    )}
                </section>
            )}
            {!open && (
                <section class="card">
                    <h2>{words.clientLogin}</h2>
                    <Choice lines={loginLines(host, user)} title={words.toolLines} />
                </section>
            )}
        </>
    );
}
