// Hours of the week in which nodes may be stopped.

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;
/** 1970-01-01 was a Thursday. */
const FIRST_DAY = 4;

/** Such hours in UTC: minutes since midnight; `toMinute` before `fromMinute` is on the next day. */
export interface MaintenanceHours {
  /** Days on which they begin, 0 = Sunday; every day when left out. */
  days?: number[];
  fromMinute: number;
  toMinute: number;
}

/**
 * Reads "22:00-06:00", "sat,sun 02:00-06:00" (UTC).
 *
 * @returns null when it is not such a text
 */
export function parseHours(text: string): MaintenanceHours | null {
  const match = /^(?:([a-z,]+)\s+)?(\d{2}):(\d{2})-(\d{2}):(\d{2})$/.exec(text.trim().toLowerCase());
  if (!match) return null;
  const days = match[1]?.split(',').map((day) => DAYS.indexOf(day as (typeof DAYS)[number]));
  const fromMinute = minuteOf(match[2], match[3]);
  const toMinute = minuteOf(match[4], match[5]);
  if (fromMinute === null || toMinute === null || fromMinute === toMinute) return null;
  if (days?.includes(-1)) return null;
  return { ...(days ? { days: [...new Set(days)].sort() } : {}), fromMinute, toMinute };
}

function minuteOf(hours: string | undefined, minutes: string | undefined): number | null {
  const [hour, minute] = [Number(hours), Number(minutes)];
  return hour <= 23 && minute <= 59 ? hour * 60 + minute : null;
}

/** The same as text, as `parseHours` reads it. */
export function showHours({ days, fromMinute, toMinute }: MaintenanceHours): string {
  const time = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const on = days ? `${days.map((day) => DAYS[day]).join(',')} ` : '';
  return `${on}${time(fromMinute)}-${time(toMinute)}`;
}

/** When the hours begin next, in milliseconds since 1970; `nowMs` itself within them. */
export function nextOpeningMs(hours: MaintenanceHours, nowMs: number): number {
  const today = Math.floor(nowMs / DAY_MS);
  for (let day = today - 1; day <= today + 7; day += 1) {
    if (hours.days && !hours.days.includes((day + FIRST_DAY) % 7)) continue;
    const startMs = day * DAY_MS + hours.fromMinute * MINUTE_MS;
    const minutes = hours.toMinute - hours.fromMinute;
    const endMs = startMs + (minutes > 0 ? minutes : minutes + 24 * 60) * MINUTE_MS;
    if (nowMs < endMs) return Math.max(nowMs, startMs);
  }
  return nowMs;
}

/** Whether a value from outside is such hours. */
export function isHours(value: unknown): value is MaintenanceHours {
  const { days, fromMinute, toMinute } = (value ?? {}) as Partial<Record<keyof MaintenanceHours, unknown>>;
  const isMinute = (minute: unknown) =>
    Number.isInteger(minute) && (minute as number) >= 0 && (minute as number) < 1440;
  const areDays =
    days === undefined ||
    (Array.isArray(days) &&
      days.length > 0 &&
      days.every((day) => Number.isInteger(day) && day >= 0 && day <= 6));
  return areDays && isMinute(fromMinute) && isMinute(toMinute) && fromMinute !== toMinute;
}
