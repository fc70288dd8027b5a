import type { LocationQuery, LocationQueryRaw } from 'vue-router'
import type { Seat } from './seats'

export const amenities = [
  'has_water',
  'has_kitchen',
  'has_computer',
  'has_smart_desk',
  'is_quite',
  'is_talk_room',
] as const satisfies (keyof Seat)[]
export type Amenity = (typeof amenities)[number]

/** What somebody looks for. Nothing chosen of a kind means that anything will do. */
export interface Filters {
  /** The empty one stands for seats of no zone. */
  zones: string[]
  kinds: string[]
  amenities: Amenity[]
  /** Only what is free for all of the time. */
  free: boolean
}

const list = (value: LocationQuery[string] | undefined) =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).map((item) => item ?? '')

export function filtersOf(query: LocationQuery): Filters {
  const wanted = list(query.with)
  return {
    zones: list(query.zone),
    kinds: list(query.kind).filter(Boolean),
    amenities: amenities.filter((amenity) => wanted.includes(amenity)),
    free: query.free === '1',
  }
}

export const toQuery = ({ zones, kinds, amenities, free }: Filters): LocationQueryRaw => ({
  zone: zones.length ? zones : undefined,
  kind: kinds.length ? kinds : undefined,
  with: amenities.length ? amenities : undefined,
  free: free ? '1' : undefined,
})

export function matches(seat: Seat, filters: Filters): boolean {
  return (
    (filters.zones.length === 0 || filters.zones.includes(seat.zone ?? '')) &&
    (filters.kinds.length === 0 || filters.kinds.includes(seat.type)) &&
    filters.amenities.every((amenity) => seat[amenity])
  )
}

export const countOf = ({ zones, kinds, amenities }: Filters): number => zones.length + kinds.length + amenities.length

/** What there is to choose from. */
export function choicesOf(seats: Seat[], locale: string) {
  const { compare } = new Intl.Collator(locale, { numeric: true })
  const distinct = (values: string[]) => [...new Set(values)].sort(compare)
  return {
    zones: distinct(seats.map(({ zone }) => zone ?? '')),
    kinds: distinct(seats.map(({ type }) => type)),
    amenities: amenities.filter((amenity) => seats.some((seat) => seat[amenity])),
  }
}

/** By zone, A2 before A10; what belongs to no zone comes last. */
export function byZone<T extends { seat: Seat }>(places: T[], locale: string): { zone: string; places: T[] }[] {
  const { compare } = new Intl.Collator(locale, { numeric: true })
  const zones = new Map<string, T[]>()
  for (const place of places) {
    const zone = place.seat.zone ?? ''
    zones.set(zone, [...(zones.get(zone) ?? []), place])
  }
  return [...zones]
    .sort(([one], [other]) => (one === '' ? 1 : other === '' ? -1 : compare(one, other)))
    .map(([zone, members]) => ({
      zone,
      places: members.sort((one, other) => compare(one.seat.name, other.seat.name)),
    }))
}
