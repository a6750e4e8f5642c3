import { EngineGone, EngineSilent } from "../../../engine/http";
import { engineLost } from "../../../ops/main";

test.each([
    [
        "broken off",
        new EngineGone(new Error("socket hang up")),
        "The Docker Engine broke off in the middle of an answer (socket hang up): once it is back, run the same command again.",
    ],
    [
        "silent",
        new EngineSilent("no answer for 60 s"),
        "The Docker Engine gave no answer for 60 s: once `docker info` answers, run the same command again.",
    ],
    [
        "refusing",
        Object.assign(new Error("connect ECONNREFUSED /run/docker.sock"), { code: "ECONNREFUSED" }),
        "The Docker Engine does not answer any more (connect ECONNREFUSED /run/docker.sock): once it is back, run the same command again.",
    ],
    ["something else", new Error("something else"), undefined],
])("an Engine that ends or falls silent is told in a sentence: %s", (_what, error, sentence) => {
    expect(engineLost(error)).toBe(sentence);
});
