import type { UserSchema } from "./schema";

/**
 * A user with the one way in which he gets his password: a password or a hash that is given takes the place of a generated
 * one, so that `pulumi config set --secret --path users.NAME.password …` is all that it takes.
 */
export function chosenWay(user: UserSchema): UserSchema {
    if (user.password === undefined && user.bcryptHash === undefined) return user;
    return { ...user, generate: undefined };
}
