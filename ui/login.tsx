import { useState } from "preact/hooks";

import { basic, Registry } from "./registry";
import { sentence } from "./sentence";
import { useTitle } from "./shown";
import type { Words } from "./words";

interface LoginProps {
    words: Words;
    enter: (registry: Registry, user: string) => Promise<unknown>;
    /** Where one may look without a login. */
    anonymously?: () => void;
}

export function Login({ words, enter, anonymously }: LoginProps) {
    const [problem, setProblem] = useState<unknown>();
    const [busy, setBusy] = useState(false);
    useTitle(`${words.logIn} · ${location.host}`);
    const submit = (event: SubmitEvent) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget as HTMLFormElement);
        const [user, password] = [String(form.get("user")), String(form.get("password"))];
        setBusy(true);
        setProblem(undefined);
        enter(new Registry(basic(user, password)), user)
            .catch(setProblem)
            .finally(() => setBusy(false));
    };
    return (
        <form class="login card" onSubmit={submit}>
            <h1>{words.logIn}</h1>
            <label>
                {words.user}
                <input
                    name="user"
                    autocomplete="username"
                    autocapitalize="none"
                    spellcheck={false}
                    required
                    autofocus
                />
            </label>
            <label>
                {words.password}
                <input name="password" type="password" autocomplete="current-password" required />
            </label>
            {problem !== undefined && (
                <p class="problem" role="alert">
                    {sentence(problem, words, true)}
                </p>
            )}
            <button class="main" disabled={busy}>
                {words.logIn}
            </button>
            {anonymously && (
                <button type="button" onClick={anonymously}>
                    {words.anonymously}
                </button>
            )}
            <p class="hint">{words.loginHint}</p>
        </form>
    );
}
