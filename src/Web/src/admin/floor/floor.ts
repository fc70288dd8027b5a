import type { Schemas } from '@/api/client'
import { amenities } from '@/seats/filters'
import type { Box } from '@/seats/geometry'

/** A seat as it stands on the floor. One that the server does not know yet has an id of our own. */
export type FloorSeat = Omit<Schemas['SeatResponse'], 'is_available'>

/** What the editor changes. Nothing in it is ever changed in place: a seat that is the same object is the same. */
export interface Floor {
  readonly seats: readonly FloorSeat[]
  /** Where the picture lies, if there is one. */
  readonly plan: Box | null
}

export const newId = (): string => `new-${crypto.randomUUID()}`
export const isNew = ({ id }: Pick<FloorSeat, 'id'>): boolean => id.startsWith('new-')

export const descriptions = ['name', 'type', 'zone', ...amenities] as const satisfies (keyof FloorSeat)[]
export const fields = [...descriptions, 'x', 'y'] as const satisfies (keyof FloorSeat)[]
export type Field = (typeof fields)[number]

/** The fields in which two seats differ. */
export const differing = (one: FloorSeat, other: FloorSeat): Field[] =>
  one === other ? [] : fields.filter((field) => (one[field] ?? '') !== (other[field] ?? ''))

export const sameBox = (one: Box | null, other: Box | null): boolean =>
  one === other ||
  (one !== null &&
    other !== null &&
    one.x === other.x &&
    one.y === other.y &&
    one.width === other.width &&
    one.height === other.height)

/** Places have as many digits as a person can mean. */
export const round = (value: number): number => Math.round(value * 1000) / 1000

export const byId = (seats: readonly FloorSeat[]): Map<string, FloorSeat> =>
  new Map(seats.map((seat) => [seat.id, seat]))
