import type { Schemas } from '@/api/client'
import type { Space } from '@/seats/space'

export type Booking = Schemas['ReservationResponse']

const minute = 60_000

/** Booked or checked in, and not over. */
export const isLive = ({ status, end }: Booking, present: number): boolean =>
  (status === 'future' || status === 'active') && Date.parse(end) > present

/** Where a booking stands, more finely than its status says. */
export type Stage =
  | { kind: 'early'; opensAt: number }
  | { kind: 'open'; releasedAt: number | undefined }
  | { kind: 'in' | 'over' | 'missed' }

export function stageOf(
  booking: Booking,
  present: number,
  space: Pick<Space, 'check_in_opens_minutes' | 'no_show_after_minutes'> | undefined,
): Stage {
  if (booking.status === 'did_not_come') return { kind: 'missed' }
  if (!isLive(booking, present)) return { kind: 'over' }
  if (booking.status === 'active') return { kind: 'in' }
  const start = Date.parse(booking.start)
  const opensAt = start - (space?.check_in_opens_minutes ?? 0) * minute
  if (space && present < opensAt) return { kind: 'early', opensAt }
  const releasedAt = space?.no_show_after_minutes != null ? start + space.no_show_after_minutes * minute : undefined
  return {
    kind: 'open',
    releasedAt: releasedAt !== undefined && releasedAt < Date.parse(booking.end) ? releasedAt : undefined,
  }
}

export interface Extension {
  minutes: number
  end: string
  /** Somebody else has the seat then; or nobody may stay so long. */
  obstacle: 'taken' | 'longest' | undefined
}

/** By how much a booking could go on. */
export function extensionsOf(booking: Booking, freeUntil: number, longestMinutes: number): Extension[] {
  return [30, 60].map((minutes) => {
    const end = Date.parse(booking.end) + minutes * minute
    const isTooLong = end - Date.parse(booking.start) > longestMinutes * minute
    return {
      minutes,
      end: new Date(end).toISOString(),
      obstacle: end > freeUntil ? 'taken' : isTooLong ? 'longest' : undefined,
    }
  })
}

export interface Span {
  start: string
  end: string
}

/** The first of the spans that has a moment in common with this one. */
export const firstOverlap = <T extends Span>(start: number, end: number, spans: readonly T[]): T | undefined =>
  spans.find((span) => Date.parse(span.start) < end && Date.parse(span.end) > start)
