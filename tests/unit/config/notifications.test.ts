/** The option `notifications`. On the real thing: tests/e2e/audit.test.ts. */
import { parse } from "yaml";

import { configText } from "../../../components/registry/config-yml";
import { renderNotifications } from "../../../components/registry/notifications";
import { accepted, mistakeIn, refused } from "./base";

const url = "https://ci.example.com/registry";
const part = (notifications: object) =>
    parse(configText(renderNotifications(accepted({ notifications }).notifications))) as object;

test("nobody is told where nobody is named", () => expect(part({})).toEqual({}));

test("of pushes and deletions of images, as far as nothing else is said", () => {
    const headers = { Authorization: ["Bearer hunter2"] };
    expect(
        part({ ci: { url, headers }, all: { url, events: ["pull"], layers: true, timeout: "1m" } }),
    ).toEqual({
        notifications: {
            endpoints: [
                {
                    ...{
                        name: "ci",
                        disabled: false,
                        url,
                        headers,
                        timeout: "5s",
                        threshold: 5,
                        backoff: "10s",
                    },
                    ignore: { mediatypes: ["application/octet-stream"], actions: ["pull", "mount"] },
                },
                {
                    ...{ name: "all", disabled: false, url, headers: {}, timeout: "1m", threshold: 5 },
                    ...{ backoff: "10s", ignore: { mediatypes: [], actions: ["push", "mount", "delete"] } },
                },
            ],
        },
    });
});

test("a login in the URL would stand in the registry's log", () => {
    const login = { ci: { url: "https://robot:hunter2@ci.example.com/registry" } };
    expect(mistakeIn({ notifications: login })).toEqual({
        path: "notifications.ci.url",
        problem: "has a login in it, which the registry would write into its log; it belongs into headers",
        fix: `pulumi config set --secret --path notifications.ci.url ${url}`,
    });
});

test("a header that cannot be is told, and its value is not", () => {
    const headers = { "A b": ["x"], Authorization: ["Bearer hunter2\n"] };
    const { message } = refused({ notifications: { ci: { url, headers } } });
    expect(message).toContain('notifications.ci.headers["A b"] is no header name');
    expect(message).toContain("notifications.ci.headers.Authorization[0] has a control character");
    expect(message).not.toContain("hunter2");
});

test("one of two ways to say it decides", () => {
    const registryConfig = { notifications: { endpoints: [{ name: "a", url }] } };
    expect(mistakeIn({ notifications: { ci: { url } }, registryConfig })).toMatchObject({
        path: "registryConfig.notifications",
        problem: "is set, and notifications too; one of them decides",
        fix: "pulumi config rm --path registryConfig.notifications",
    });
    accepted({ registryConfig });
});
