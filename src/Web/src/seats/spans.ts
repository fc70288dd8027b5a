import { instantOf, localOf, startOfDay } from '@/i18n/format'

/** A stretch of time, half-open, in milliseconds since 1970. */
export interface Span {
  start: number
  end: number
}

/** What the space says about bookings. */
export interface Rules {
  min_duration_minutes: number
  max_duration_minutes: number
  max_ahead_minutes: number
}

export const minute = 60_000
export const hour = 60 * minute
/** People book on the grid of a quarter of an hour. */
export const quarter = 15 * minute
/** A start at most so long ago is taken as now by the Api. */
const grace = 5 * minute

const floorTo = (instant: number, step: number) => Math.floor(instant / step) * step
const ceilTo = (instant: number, step: number) => Math.ceil(instant / step) * step
const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value))

export const snap = (instant: number): number => Math.round(instant / quarter) * quarter
export const overlaps = (one: Span, other: Span): boolean => one.start < other.end && one.end > other.start
export const sameSpan = (one: Span, other: Span): boolean => one.start === other.start && one.end === other.end

/** From now on, about two hours. */
export function nowSpan(now: number, rules: Rules, length = 2 * hour): Span {
  const start = floorTo(now, minute)
  return clampSpan({ start, end: snap(start + length) }, rules, now, 'end')
}

/** Which part of a span a hand holds. */
export type Grip = 'start' | 'end' | 'move'

/** The span nearest to the wished one that may be booked, where the other end, or the length, stays. */
export function clampSpan(span: Span, rules: Rules, now: number, grip: Grip): Span {
  const [shortest, longest] = [rules.min_duration_minutes * minute, rules.max_duration_minutes * minute]
  const earliest = floorTo(now, minute)
  const latest = Math.max(earliest, floorTo(now + rules.max_ahead_minutes * minute, quarter))
  if (grip === 'end') {
    const start = clamp(span.start, earliest, latest)
    return { start, end: clamp(span.end, start + shortest, start + longest) }
  }

  if (grip === 'start') {
    const start = clamp(span.start, earliest, Math.max(earliest, Math.min(span.end - shortest, latest)))
    return { start, end: clamp(span.end, start + shortest, start + longest) }
  }

  const length = clamp(span.end - span.start, shortest, longest)
  const start = clamp(span.start, earliest, latest)
  return { start, end: start + length }
}

/** The same times of the clock on another day; of today only what is still to come. */
export function onDay(span: Span, day: number, rules: Rules, now: number, timeZone: string): Span {
  const clock = localOf(span.start, timeZone)
  const { year, month, day: date } = localOf(day, timeZone)
  const start = instantOf({ year, month, day: date, hour: clock.hour, minute: clock.minute }, timeZone)
  return clampSpan({ start, end: start + (span.end - span.start) }, rules, now, 'move')
}

export type RuleBroken = 'order' | 'past' | 'too_short' | 'too_long' | 'too_far'

/** Why no seat at all can be booked for a span. */
export function ruleBroken(span: Span, rules: Rules, now: number): RuleBroken | undefined {
  if (span.end <= span.start) return 'order'
  if (span.start < now - grace) return 'past'
  if (span.end - span.start < rules.min_duration_minutes * minute) return 'too_short'
  if (span.end - Math.max(span.start, now) > rules.max_duration_minutes * minute) return 'too_long'
  return span.start - now > rules.max_ahead_minutes * minute ? 'too_far' : undefined
}

/** The part of a day that a line of time shows: what is left of today, or from six on, and all of the span in any case. */
export function trackOf(span: Span, now: number, timeZone: string): Span {
  const midnight = startOfDay(span.start, timeZone)
  const nextMidnight = startOfDay(span.start, timeZone, 1)
  const isToday = now >= midnight && now < nextMidnight
  const hourOf = (instant: number) => midnight + floorTo(instant - midnight, hour)
  const usual = isToday ? hourOf(now) : midnight + 6 * hour
  const start = Math.min(usual, hourOf(span.start))
  return {
    start,
    end: Math.max(nextMidnight, isToday ? start + 12 * hour : 0, midnight + ceilTo(span.end - midnight, hour)),
  }
}

/** The next moment of the grid, before or after. */
export function step(instant: number, by: number): number {
  return by > 0 ? floorTo(instant, quarter) + by : ceilTo(instant, quarter) + by
}

/** `2026-11-21T14:00`, as the inputs of the platform have it, by the clock of the space. */
export function toInput(instant: number, timeZone: string): string {
  const { year, month, day, hour, minute } = localOf(instant, timeZone)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}`
}

export function fromInput(text: string, timeZone: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [number, number, number, number, number]
  return instantOf({ year, month, day, hour, minute }, timeZone)
}

/** An instant in an address: `2026-11-21T11:00Z`. */
export const toAddress = (instant: number): string => new Date(instant).toISOString().replace(/:00\.000Z$/, 'Z')

/** The span that an address names, if it names one. */
export function spanOf(query: Record<string, unknown>): Span | undefined {
  const read = (value: unknown) => (typeof value === 'string' && value.length <= 40 ? Date.parse(value) : NaN)
  const [start, end] = [read(query.start), read(query.end)]
  return start < end ? { start, end } : undefined
}
