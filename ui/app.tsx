/** The page as a whole: who looks, at what, in which language. */
import { useEffect, useErrorBoundary, useState } from "preact/hooks";

import { ClientView } from "./client-view";
import { bytes, daysUntil } from "./format";
import { ImageView } from "./image-view";
import { Login } from "./login";
import { type Facts, type Me, Registry, RegistryError, type Store } from "./registry";
import { RepositoriesView } from "./repositories-view";
import { parseRoute } from "./route";
import { sentence } from "./sentence";
import { type Shown, ShownContext, useShown } from "./shown";
import { TagsView } from "./tags-view";
import { type Language, languageOf, WORDS } from "./words";

/** Who looks: kept in the memory of this tab alone. */
interface Session {
    registry: Registry;
    me: Me;
    user: string;
}

/** Days before its end from which a certificate is worth a warning. */
const SOON = 21;
/** Part of the disk that is free below which that is worth a warning. */
const NARROW = 0.15;

export function App() {
    const [language, setLanguage] = useState<Language>(languageOf(navigator.languages));
    const words = WORDS[language];
    const [facts, setFacts] = useState<Facts>({});
    const [store, setStore] = useState<Store | undefined>();
    /** Nothing: not known yet; "login": a login is needed, or was asked for. */
    const [session, setSession] = useState<Session | "login" | undefined>();
    /** Whether one may look without a login. */
    const [open, setOpen] = useState<Session | undefined>();
    const [problem, setProblem] = useState<unknown>();
    const [hash, setHash] = useState(location.hash);

    const enter = async (registry: Registry, user: string): Promise<Session> => {
        const me = await registry.me();
        // The page would be full of refusals.
        if (me.role === "metrics") throw new RegistryError(403, "DENIED", "a user of role metrics");
        const entered = { registry, me, user };
        setSession(entered);
        return entered;
    };
    const begin = () => {
        setProblem(undefined);
        const nobody = new Registry();
        nobody.facts().then(setFacts, () => undefined);
        enter(nobody, "").then(setOpen, (error: unknown) =>
            error instanceof RegistryError && error.status === 401 ? setSession("login") : setProblem(error),
        );
    };
    useEffect(begin, []);
    useEffect(() => {
        const go = () => {
            setHash(location.hash);
            scrollTo(0, 0);
        };
        addEventListener("hashchange", go);
        return () => removeEventListener("hashchange", go);
    }, []);
    useEffect(() => void (document.documentElement.lang = language === "zh" ? "zh-CN" : "en"), [language]);

    const inside = typeof session === "object" ? session : undefined;
    useEffect(() => {
        setStore(undefined);
        if (facts.store && inside?.me.role === "push")
            inside.registry.store().then(setStore, () => undefined);
    }, [facts, inside, hash]);
    const ends = facts.ends === undefined ? undefined : new Date(facts.ends * 1000);
    const days = ends && daysUntil(ends);
    // One that is renewed by itself is so when a third of its life is left.
    const soon = Math.min(SOON, facts.life ? facts.life / 86_400 / 4 : SOON);
    const role = inside && (inside.me.role === "push" ? words.mayPush : words.mayPull);
    const shown: Shown | undefined = inside && { ...inside, facts, host: location.host, words, language };
    return (
        <>
            <header>
                <a class="brand" href="#">
                    <svg viewBox="0 0 32 32" aria-hidden="true">
                        <path d="M5 19h22v7H5zM5 10h10v7H5zM17 10h10v7H17zM11 3h10v5H11z" />
                    </svg>
                    {location.host}
                </a>
                <nav>
                    {inside && <a href="#client">{words.setUp}</a>}
                    <button
                        onClick={() => setLanguage(language === "en" ? "zh" : "en")}
                        aria-label={words.switchLanguage}
                    >
                        {words.language}
                    </button>
                    {inside && (
                        <span class="who">
                            {inside.user || words.nobody} <small>{role}</small>
                        </span>
                    )}
                    {inside && inside.user !== "" && (
                        <button onClick={() => setSession(open ?? "login")}>{words.logOut}</button>
                    )}
                    {inside && inside.user === "" && inside.me.role !== "push" && (
                        <button onClick={() => setSession("login")}>{words.logIn}</button>
                    )}
                </nav>
            </header>
            <main>
                {problem !== undefined && (
                    <p class="problem" role="alert">
                        {sentence(problem, words)} <button onClick={begin}>{words.again}</button>
                    </p>
                )}
                {session === "login" && (
                    <Login
                        words={words}
                        enter={(registry, user) => enter(registry, user)}
                        {...(open && { anonymously: () => setSession(open) })}
                    />
                )}
                {shown && (
                    <ShownContext.Provider value={shown} key={shown.user}>
                        <View key={hash} hash={hash} />
                    </ShownContext.Provider>
                )}
            </main>
            <footer>
                {days !== undefined && (
                    <span class={days < soon ? "warn" : ""} title={ends?.toISOString()}>
                        {words.certificate(days)}
                    </span>
                )}
                {store && (
                    <span class={store.available < NARROW * store.size ? "warn" : ""}>
                        {words.store(
                            store.images === null ? undefined : bytes(store.images),
                            bytes(store.available),
                            bytes(store.size),
                        )}
                    </span>
                )}
            </footer>
        </>
    );
}

/** A part of the page. What others pushed may have any form: where it cannot be shown, the rest of the page goes on. */
function View({ hash }: { hash: string }) {
    const { words } = useShown();
    const [broken] = useErrorBoundary();
    if (broken !== undefined)
        return (
            <p class="problem" role="alert">
                {words.errors.unreadable}
            </p>
        );
    const route = parseRoute(hash);
    switch (route.view) {
        case "client":
            return <ClientView />;
        case "tags":
            return <TagsView key={route.repository} repository={route.repository} />;
        case "image":
            return (
                <ImageView
                    key={`${route.repository} ${route.reference}`}
                    repository={route.repository}
                    reference={route.reference}
                />
            );
        default:
            return <RepositoriesView />;
    }
}
