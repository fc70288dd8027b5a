import { instantOf, localOf } from '@/i18n/format'

/** When a `yyyy-mm-dd` begins by the clock of the space, some days later; undefined where it is no date. */
export function dayStart(day: string, timeZone: string, daysLater = 0): string | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day)
  if (!match) return undefined
  const date = new Date(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + daysLater))
  if (Number.isNaN(date.getTime())) return undefined
  const local = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
  return new Date(instantOf({ ...local, hour: 0, minute: 0 }, timeZone)).toISOString()
}

const two = (value: number) => String(value).padStart(2, '0')

/** A moment as an input of the browser has it, by the clock of the space: `2030-05-06T14:00`. */
export function inputOf(instant: string | number, timeZone: string): string {
  const { year, month, day, hour, minute } = localOf(instant, timeZone)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`
}

/** The moment that such an input means; undefined while it is empty or half filled in. */
export function momentOf(input: string, timeZone: string): string | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(input)
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map(Number)
  return new Date(instantOf({ year, month, day, hour, minute }, timeZone)).toISOString()
}

/** Up to the next full five minutes. */
export const roundedUp = (instant: number): number => Math.ceil(instant / 300_000) * 300_000
