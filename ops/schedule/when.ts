/** Times of a schedule, as systemd and cron write them. Pure; local time, as both have it. */

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

export interface When {
    minute: number;
    /** undefined: every hour */
    hour: number | undefined;
    /** 0 is Sunday; empty: every day */
    weekdays: number[];
    /** 1–28 */
    dayOfMonth: number | undefined;
}

/** Reads a time of the option `schedule`, whose form is checked there. */
export function parseWhen(text: string): When {
    if (text === "hourly") return { minute: 0, hour: undefined, weekdays: [], dayOfMonth: undefined };
    const [time = "", day = ""] = text.split(" ").reverse();
    const [hour, minute] = time.split(":").map(Number);
    const isDate = /^\d/.test(day);
    return {
        minute: minute ?? 0,
        hour,
        weekdays: isDate || day === "" ? [] : day.split(",").map((name) => WEEKDAYS.indexOf(name)),
        dayOfMonth: isDate ? Number(day) : undefined,
    };
}

const two = (value: number) => String(value).padStart(2, "0");

/** As OnCalendar= has it (systemd.time(7)): `Mon,Thu *-*-* 03:30:00`. */
export function onCalendar({ minute, hour, weekdays, dayOfMonth }: When): string {
    const days = weekdays.length === 0 ? "" : `${weekdays.map((day) => WEEKDAYS[day]).join(",")} `;
    const date = dayOfMonth === undefined ? "*" : two(dayOfMonth);
    return `${days}*-*-${date} ${hour === undefined ? "*" : two(hour)}:${two(minute)}:00`;
}

/** As crontab(5) has it: `30 3 * * 1,4`. */
export const cronTime = ({ minute, hour, weekdays, dayOfMonth }: When): string =>
    [minute, hour ?? "*", dayOfMonth ?? "*", "*", weekdays.length === 0 ? "*" : weekdays.join(",")].join(" ");

/** The first such time after `now`. An hour that a change of the clock leaves out is taken as Date has it, one hour later. */
export function nextTime(when: When, now: Date): Date {
    const at = new Date(now);
    at.setSeconds(0, 0);
    if (when.hour === undefined) {
        at.setMinutes(when.minute);
        if (at <= now) at.setTime(at.getTime() + 3_600_000);
        return at;
    }
    for (let day = 0; ; day++) {
        const next = new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, when.hour, when.minute);
        const isRightDay =
            (when.weekdays.length === 0 || when.weekdays.includes(next.getDay())) &&
            (when.dayOfMonth === undefined || when.dayOfMonth === next.getDate());
        if (isRightDay && next > now) return next;
    }
}
