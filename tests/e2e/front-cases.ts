/** What each role may do. */
import { PASSWORD } from "./stack";

/** Logins, `user:password`: one that may read, and one that may use the repositories below team-a. */
export const READER = "reader:the reader's password";
export const TEAM = "team:the team's password";

/** Login, method, path → status. */
export const ROLES: [string, string, string, number][] = [
    ["", "GET", "/v2/", 401],
    ["admin:wrong", "GET", "/v2/", 401],
    [READER, "GET", "/v2/", 200],
    [READER, "GET", "/v2/_catalog", 200],
    [READER, "GET", "/v2/team-b/app/tags/list", 200],
    [READER, "GET", "/v2/team-b/app/manifests/1", 200],
    [READER, "POST", "/v2/team-b/app/blobs/uploads/", 403],
    [READER, "PUT", "/v2/team-b/app/manifests/2", 403],
    [READER, "DELETE", "/v2/team-b/app/manifests/1", 403],
    [TEAM, "GET", "/v2/", 200],
    [TEAM, "GET", "/v2/_catalog", 403],
    [TEAM, "GET", "/v2/team-a/app/manifests/1", 200],
    [TEAM, "GET", "/v2/team-b/app/manifests/1", 403],
    [TEAM, "GET", "/v2/team-a/manifests/1", 403],
    [TEAM, "POST", "/v2/team-a/app/blobs/uploads/", 202],
    [TEAM, "POST", "/v2/team-b/app/blobs/uploads/", 403],
    [TEAM, "POST", "/v2/team-ab/blobs/uploads/", 403],
    [`admin:${PASSWORD}`, "POST", "/v2/team-b/app/blobs/uploads/", 202],
    [`admin:${PASSWORD}`, "GET", "/v2/team-b/app/nothing", 404],
];

/** Ways to write /v2/team-b/app/manifests/1 that a check of the beginning could take for something else. */
export const DISGUISED = [
    "/v2/team-a/../team-b/app/manifests/1",
    "/v2/team-a/%2e%2e/team-b/app/manifests/1",
    "/v2/team-a%2F..%2Fteam-b/app/manifests/1",
    "/v2//team-b/app/manifests/1",
    "/v2/./team-b/app/manifests/1",
    "/v2/%74eam-b/app/manifests/1",
];
