import type { Schemas } from '@/api/client'

type Seat = Schemas['SeatResponse']

/** Seats by their zone, both in the order in which people count: A2 before A10. Those in no zone come last. */
export function byZone(seats: readonly Seat[], locale: string): { name: string | null; seats: Seat[] }[] {
  const compare = new Intl.Collator(locale, { numeric: true }).compare
  const zones = new Map<string | null, Seat[]>()
  for (const seat of seats) zones.set(seat.zone, [...(zones.get(seat.zone) ?? []), seat])
  return [...zones]
    .map(([name, inside]) => ({ name, seats: inside.sort((one, other) => compare(one.name, other.name)) }))
    .sort((one, other) => (one.name === null ? 1 : other.name === null ? -1 : compare(one.name, other.name)))
}
