import { boundsOf, inOrder, type Point } from '@/seats/geometry'
import { newId, round, type Floor, type FloorSeat } from './floor'
import { nextNames, rowOfNames } from './names'

/** What one can do to a floor. Each answers a new floor, in which what was not touched is the same object. */

export type Ids = ReadonlySet<string>

const update = (floor: Floor, ids: Ids, change: (seat: FloorSeat) => FloorSeat): Floor =>
  ids.size === 0 ? floor : { ...floor, seats: floor.seats.map((seat) => (ids.has(seat.id) ? change(seat) : seat)) }

export const chosen = (floor: Floor, ids: Ids): FloorSeat[] => floor.seats.filter(({ id }) => ids.has(id))

export const moveSeats = (floor: Floor, ids: Ids, { x, y }: Point): Floor =>
  x === 0 && y === 0 ? floor : update(floor, ids, (seat) => ({ ...seat, x: round(seat.x + x), y: round(seat.y + y) }))

/** Nothing is done where all have it already, so that there is nothing to undo. */
export function setSeats(floor: Floor, ids: Ids, values: Partial<Omit<FloorSeat, 'id'>>): Floor {
  const names = Object.keys(values) as (keyof typeof values)[]
  const has = (seat: FloorSeat) => names.every((name) => seat[name] === values[name])
  return chosen(floor, ids).every(has)
    ? floor
    : update(floor, ids, (seat) => (has(seat) ? seat : { ...seat, ...values }))
}

export const removeSeats = (floor: Floor, ids: Ids): Floor =>
  ids.size === 0 ? floor : { ...floor, seats: floor.seats.filter(({ id }) => !ids.has(id)) }

const isFree = (floor: Floor, points: Point[], room: number) =>
  points.every((point) => floor.seats.every((seat) => Math.hypot(seat.x - point.x, seat.y - point.y) >= room))

/** A new seat as near to a point as there is room, like the one that was added or chosen before. */
export function addSeat(
  floor: Floor,
  at: Point,
  spacing: number,
  like: Partial<FloorSeat>,
  firstName: string,
): { floor: Floor; seat: FloorSeat } {
  let place = at
  for (let tries = 0; tries < 200 && !isFree(floor, [place], spacing * 0.7); tries++) {
    place = { x: place.x + spacing, y: tries % 10 === 9 ? place.y + spacing : place.y }
    if (tries % 10 === 9) place.x = at.x
  }
  const names = floor.seats.map(({ name }) => name)
  const seat: FloorSeat = {
    type: 'seat',
    zone: null,
    has_water: false,
    has_kitchen: false,
    has_computer: false,
    has_smart_desk: false,
    is_quite: false,
    is_talk_room: false,
    ...like,
    id: newId(),
    name: like.name === undefined ? freeName(firstName, names) : (nextNames([like.name], names)[0] as string),
    x: round(place.x),
    y: round(place.y),
  }
  return { floor: { ...floor, seats: [...floor.seats, seat] }, seat }
}

const freeName = (name: string, taken: string[]) =>
  taken.includes(name) ? (nextNames([name], taken)[0] as string) : name

/** Where a copy of seats goes: a row gets one below it, all else gets one at its right, and farther where no room is. */
export function roomForCopy(floor: Floor, ids: Ids, spacing: number): Point {
  const seats = chosen(floor, ids)
  const { width, height } = boundsOf(seats)
  const step = width > height ? { x: 0, y: height + spacing } : { x: width + spacing, y: 0 }
  for (let times = 1; times <= 50; times++) {
    const by = { x: step.x * times, y: step.y * times }
    const places = seats.map(({ x, y }) => ({ x: x + by.x, y: y + by.y }))
    if (isFree(floor, places, spacing * 0.5)) return by
  }
  return step
}

/** Copies that stand to each other as the originals do; their names number on. */
export function copySeats(floor: Floor, ids: Ids, by: Point): { floor: Floor; copies: Map<string, string> } {
  const originals = inNameOrder(chosen(floor, ids))
  const names = nextNames(
    originals.map(({ name }) => name),
    floor.seats.map(({ name }) => name),
  )
  const seats = originals.map((seat, i) => ({
    ...seat,
    id: newId(),
    name: names[i] as string,
    x: round(seat.x + by.x),
    y: round(seat.y + by.y),
  }))
  return {
    floor: { ...floor, seats: [...floor.seats, ...seats] },
    copies: new Map(originals.map((seat, i) => [seat.id, (seats[i] as FloorSeat).id])),
  }
}

// A2 before A10, so that copies of A1 to A4 are A5 to A8 in this order.
function inNameOrder(seats: FloorSeat[]): FloorSeat[] {
  const { compare } = new Intl.Collator('en', { numeric: true })
  return inOrder(seats).sort((one, other) => compare(one.name, other.name))
}

/** The first, as one reads, gets the name; the others number on. */
export function nameSeats(floor: Floor, ids: Ids, first: string): Floor {
  const seats = inOrder(chosen(floor, ids))
  const others = floor.seats.filter(({ id }) => !ids.has(id)).map(({ name }) => name)
  const names = rowOfNames(first, seats.length, others)
  const byIds = new Map(seats.map(({ id }, i) => [id, names[i] as string]))
  return seats.every(({ id, name }) => byIds.get(id) === name)
    ? floor
    : update(floor, ids, (seat) => ({ ...seat, name: byIds.get(seat.id) as string }))
}

export type Edge = 'left' | 'centre' | 'right' | 'top' | 'middle' | 'bottom'

/** In line with the outermost of them, or with the middle of them all. */
export function alignSeats(floor: Floor, ids: Ids, edge: Edge): Floor {
  const { x, y, width, height } = boundsOf(chosen(floor, ids))
  const to: Partial<Point> = {
    left: { x },
    centre: { x: round(x + width / 2) },
    right: { x: x + width },
    top: { y },
    middle: { y: round(y + height / 2) },
    bottom: { y: y + height },
  }[edge]
  return setSeats(floor, ids, to)
}

/** As far from each other, one as the other, between the two outermost. */
export function distributeSeats(floor: Floor, ids: Ids, axis: 'x' | 'y'): Floor {
  const seats = chosen(floor, ids).sort((one, other) => one[axis] - other[axis])
  const [first, last] = [seats[0], seats.at(-1)]
  if (!first || !last || seats.length < 3) return floor
  const step = (last[axis] - first[axis]) / (seats.length - 1)
  const places = new Map(seats.map(({ id }, i) => [id, i]))
  const wanted = ({ id }: FloorSeat) => round(first[axis] + (places.get(id) as number) * step)
  return seats.every((seat) => seat[axis] === wanted(seat))
    ? floor
    : update(floor, ids, (seat) => ({ ...seat, [axis]: wanted(seat) }))
}
