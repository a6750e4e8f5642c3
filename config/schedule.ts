/** The options of what runs by itself; `npm run schedule` hands them to systemd or cron. */
import * as z from "zod";

import { option } from "../components/definition/option";

const WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const TIME = "(?:[01]\\d|2[0-3]):[0-5]\\d";

/** `hourly`, `03:30`, `Sun 03:30`, `Mon,Thu 03:30`, `1 03:30` (the first of each month). No day after the 28th: not every month has it. */
const WHEN = new RegExp(`^(?:hourly|(?:(?:${WEEKDAY}(?:,${WEEKDAY})*|[1-9]|1\\d|2[0-8]) )?${TIME})$`);

const when = (description: string, example: string) =>
    option(z.string().regex(WHEN).optional(), {
        description,
        default: "never",
        allowed:
            "hourly, HH:MM, days of the week and HH:MM (Mon,Thu 03:30), or a day of the month up to 28 and HH:MM",
        example,
    });

export const scheduleOptions = {
    schedule: option(
        z
            .strictObject({
                up: when("When `npm run up` runs: it renews certificates and mends what vanished", "1 05:00"),
                gc: when("When `npm run gc` runs", "Sun 04:00"),
                retain: when(
                    "When `npm run retain` runs: it removes the tags that no rule of retention keeps",
                    "03:30",
                ),
                backup: when("When `npm run backup` runs", "02:00"),
                sync: when(
                    "When `npm run sync` runs: it copies images from and to other registries",
                    "04:30",
                ),
                doctor: when("When `npm run doctor` runs; its failures are told", "hourly"),
                metrics: option(
                    z
                        .string()
                        .regex(/^\/.*$/)
                        .optional(),
                    {
                        description:
                            "Folder into which each scheduled run writes how it ended, for the textfile collector of Prometheus' node_exporter",
                        default: "none",
                        allowed: "an absolute path of the machine that has the timers",
                        example: "/var/lib/prometheus/node-exporter",
                    },
                ),
                onFailure: option(
                    z
                        .strictObject({
                            command: option(z.string().min(1).optional(), {
                                description:
                                    "Shell command that is run when a scheduled command fails; PRIVATE_REGISTRY_STACK, _COMMAND, _CODE, _LOG and _MESSAGE are in its environment",
                                default: "none",
                                allowed: "a command of /bin/sh",
                                example:
                                    'printf "%s" "$PRIVATE_REGISTRY_MESSAGE" | mail -s registry ops@example.com',
                            }),
                            webhook: option(z.url({ protocol: /^https?$/ }).optional(), {
                                description:
                                    "URL that gets a POST when a scheduled command fails: JSON with text, stack, command, code, host and log",
                                default: "none",
                                allowed: "an http:// or https:// URL",
                                example: "https://chat.example.com/hooks/registry",
                                // Whoever knows it may write there.
                                secret: true,
                            }),
                        })
                        .prefault({}),
                    {
                        description: "Who is told when a scheduled command fails",
                        allowed: "an object",
                        example: {},
                    },
                ),
            })
            .prefault({}),
        {
            description: "What runs by itself, and when; `npm run schedule` puts it in force",
            allowed: "an object",
            example: { gc: "Sun 04:00" },
        },
    ),
};
