import { Computer, CookingPot, Droplets, MessagesSquare, MonitorUp, VolumeX } from '@lucide/vue'
import type { Component } from 'vue'
import { useI18n } from 'vue-i18n'
import { dayOf, useFormat } from '@/i18n/format'
import type { Standing } from './day'
import type { Amenity } from './filters'
import { shortName } from './geometry'
import type { Seat } from './seats'
import { minute, type RuleBroken, type Rules } from './spans'

/** `blocked`: free, but nothing can be booked for the wished time. */
export type PlaceState = 'free' | 'taken' | 'mine' | 'blocked'

/** A seat as it stands to the wished time. */
export interface Place {
  seat: Seat
  state: PlaceState
  /** "free until 16:00" */
  says: string
  /** Whether the filters let it through. */
  matches: boolean
}

export type Shape = 'square' | 'wide' | 'round'

/** Kinds are told by their shape; of those we do not know there is one. */
export const shapeOf = (kind: string): Shape => (kind === 'seat' ? 'square' : kind === 'room' ? 'wide' : 'round')

/** What of a name has room on a sign, and how large. */
export function letteringOf(name: string, shape: Shape, size: number): { text: string; size: number } {
  const text = shortName(name, shape === 'wide' ? 5 : 4)
  return { text, size: size * (text.length > 3 ? 0.29 : 0.36) }
}

export const amenityIcons: Record<Amenity, Component> = {
  has_water: Droplets,
  has_kitchen: CookingPot,
  has_computer: Computer,
  has_smart_desk: MonitorUp,
  is_quite: VolumeX,
  is_talk_room: MessagesSquare,
}

/** The words for seats and how they stand. */
export function useSeatWords() {
  const { t, te } = useI18n()
  const format = useFormat()
  const kind = (seat: Pick<Seat, 'type'>) =>
    te(`seats.kinds.${seat.type}`) ? t(`seats.kinds.${seat.type}`) : seat.type
  const zone = (name: string | null) => name || t('seats.no_zone')
  return {
    kind,
    zone,
    /** The time alone where it is within the day that one looks at. */
    standing(state: PlaceState, standing: Standing | undefined, from: number): string {
      const at = (instant: number) =>
        dayOf(instant - 1, format.value.timeZone) === dayOf(from, format.value.timeZone)
          ? format.value.time(instant)
          : format.value.moment(instant)
      if (state === 'mine') return t('seats.says.mine')
      const blocked = state === 'blocked'
      if (!standing)
        return t(blocked ? 'seats.says.blocked' : state === 'free' ? 'seats.says.free' : 'seats.says.taken')
      if (blocked) return t('seats.says.blocked')
      if (state === 'free') {
        return standing.kind === 'free' && standing.until !== undefined
          ? t('seats.says.free_until', { time: at(standing.until) })
          : t('seats.says.free')
      }
      if (standing.kind === 'partly') return t('seats.says.partly', { time: at(standing.until) })
      return standing.kind === 'taken'
        ? t('seats.says.taken_until', { time: at(standing.until) })
        : t('seats.says.taken')
    },
    broken: (rule: RuleBroken, rules: Rules, now: number) =>
      t(`seats.broken.${rule}`, {
        shortest: format.value.duration(rules.min_duration_minutes * minute),
        longest: format.value.duration(rules.max_duration_minutes * minute),
        last: format.value.moment(now + rules.max_ahead_minutes * minute),
      }),
    /** "A-1, Quiet zone, free until 16:00". Whoever speaks to the page says what is read on the sign, so that is in it too. */
    name: ({ seat, says }: Place, sign = seat.name.trim()) =>
      [
        seat.name,
        ...(sign === seat.name.trim() ? [] : [sign]),
        ...(seat.type === 'seat' ? [] : [kind(seat)]),
        zone(seat.zone),
        says,
      ].join(', '),
  }
}
