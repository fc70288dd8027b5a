import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { now } from '@/api/clock'
import { useSpace } from '@/seats/space'

type Instant = string | number | Date

/** Days, hours and minutes of the clock in the space, whatever the device's own zone. */
export interface Local {
  year: number
  month: number
  day: number
  hour: number
  minute: number
}

const made = new Map<string, Intl.DateTimeFormat>()

/** One for each purpose: to make one takes as long as to use it a hundred times. */
export function dateFormat(tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = tag + JSON.stringify(options)
  const format = made.get(key) ?? new Intl.DateTimeFormat(tag, options)
  made.set(key, format)
  return format
}

const shown = new Map<string, Readonly<Local>>()

/** What the clock in a zone shows at a moment. Asked over and over for the same minutes: of today, of every seat. */
export function localOf(instant: Instant, timeZone: string): Readonly<Local> {
  const minute = Math.floor(new Date(instant).getTime() / 60_000)
  const key = `${minute} ${timeZone}`
  const known = shown.get(key)
  if (known) return known
  const parts = Object.fromEntries(
    dateFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
      .formatToParts(minute * 60_000)
      .filter(({ type }) => type !== 'literal')
      .map(({ type, value }) => [type, Number(value)]),
  ) as unknown as Local
  if (shown.size >= 2_000) shown.clear()
  shown.set(key, parts)
  return parts
}

/**
 * The moment at which the clock in a zone shows that. Of two, the first; a time that the clock skips is moved on by what
 * it skips.
 */
export function instantOf(local: Local, timeZone: string): number {
  const wanted = Date.UTC(local.year, local.month - 1, local.day, local.hour, local.minute)
  const shown = (instant: number) => {
    const { year, month, day, hour, minute } = localOf(instant, timeZone)
    return Date.UTC(year, month - 1, day, hour, minute)
  }
  const day = 24 * 3_600_000
  const offsets = [wanted - day, wanted + day].map((near) => shown(near) - near)
  const candidates = offsets.map((offset) => wanted - offset)
  return Math.min(...candidates.filter((instant) => shown(instant) === wanted), Math.max(...candidates))
}

/** The beginning of the day of a moment, some days later. */
export function startOfDay(instant: Instant, timeZone: string, daysLater = 0): number {
  const { year, month, day } = localOf(instant, timeZone)
  const date = new Date(Date.UTC(year, month - 1, day + daysLater))
  return instantOf(
    { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), hour: 0, minute: 0 },
    timeZone,
  )
}

/** `yyyy-mm-dd` of the space's day, as date inputs have it. */
export function dayOf(instant: Instant, timeZone: string): string {
  const { year, month, day } = localOf(instant, timeZone)
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

export interface Format {
  timeZone: string
  /** 14:05 */
  time: (instant: Instant) => string
  /** today, tomorrow, or Mon 23 November; with the year where it is another one */
  day: (instant: Instant) => string
  /** today, 14:05 */
  moment: (instant: Instant) => string
  /** today, 14:00–16:00; tomorrow, 22:00 – Tue 25 November, 02:00 */
  span: (start: Instant, end: Instant) => string
  /** 2 h 30 min; 3 days 4 h */
  duration: (milliseconds: number) => string
  number: (value: number) => string
}

/** As long as nobody has said where the space is. */
export const usualTimeZone = 'Europe/Moscow'

/** How this person reads times: in the language of the page, by the clock of the space. */
export function useFormat(): ComputedRef<Format> {
  const { t, locale } = useI18n()
  const { space } = useSpace()
  return computed(() => makeFormat(locale.value, space.value?.time_zone ?? usualTimeZone, t))
}

export function makeFormat(
  locale: string,
  timeZone: string,
  t: (key: string, values?: Record<string, unknown>, count?: number) => string,
): Format {
  const tag = locale === 'en' ? 'en-GB' : 'ru-RU'
  const time = (instant: Instant) => {
    const { hour, minute } = localOf(instant, timeZone)
    return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
  }
  const day = (instant: Instant) => {
    const key = dayOf(instant, timeZone)
    if (key === dayOf(now(), timeZone)) return t('day.today')
    if (key === dayOf(startOfDay(now(), timeZone, 1), timeZone)) return t('day.tomorrow')
    if (key === dayOf(startOfDay(now(), timeZone, -1), timeZone)) return t('day.yesterday')
    const sameYear = localOf(instant, timeZone).year === localOf(now(), timeZone).year
    const parts: Intl.DateTimeFormatOptions = sameYear ? { weekday: 'short' } : { year: 'numeric' }
    return dateFormat(tag, { timeZone, day: 'numeric', month: 'long', ...parts }).format(new Date(instant))
  }
  // Most pages show no number: made when one does.
  let numbers: Intl.NumberFormat | undefined
  const moment = (instant: Instant) => t('day.moment', { day: day(instant), time: time(instant) })
  return {
    timeZone,
    time,
    day,
    moment,
    span: (start, end) => {
      // An end at midnight belongs to the day before.
      const sameDay = dayOf(start, timeZone) === dayOf(new Date(end).getTime() - 1, timeZone)
      return sameDay ? `${moment(start)}–${time(end)}` : `${moment(start)} – ${moment(end)}`
    },
    duration: (milliseconds) => {
      const minutes = Math.max(0, Math.round(milliseconds / 60_000))
      // So far away nobody counts minutes.
      if (minutes >= 48 * 60) {
        const [days, over] = [Math.floor(Math.round(minutes / 60) / 24), Math.round(minutes / 60) % 24]
        const inDays = t('duration.days', { n: days }, days)
        return over === 0 ? inDays : `${inDays} ${t('duration.hours', { hours: over })}`
      }
      const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
      if (hours === 0) return t('duration.minutes', { minutes: rest })
      return rest === 0 ? t('duration.hours', { hours }) : t('duration.both', { hours, minutes: rest })
    },
    number: (value) => (numbers ??= new Intl.NumberFormat(tag)).format(value),
  }
}
