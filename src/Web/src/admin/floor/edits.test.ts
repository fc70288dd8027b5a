import { describe, expect, it } from 'vitest'
import {
  addSeat,
  alignSeats,
  copySeats,
  distributeSeats,
  moveSeats,
  nameSeats,
  removeSeats,
  roomForCopy,
  setSeats,
} from './edits'
import { isNew, type Floor, type FloorSeat } from './floor'

const seat = (name: string, x: number, y: number, more: Partial<FloorSeat> = {}): FloorSeat => ({
  id: name,
  name,
  type: 'seat',
  zone: null,
  x,
  y,
  has_water: false,
  has_kitchen: false,
  has_computer: false,
  has_smart_desk: false,
  is_quite: false,
  is_talk_room: false,
  ...more,
})
const floor: Floor = {
  seats: [seat('A1', 0, 0), seat('A2', 100, 0, { zone: 'Quiet' }), seat('A10', 230, 10), seat('B1', 0, 300)],
  plan: null,
}
const ids = (...names: string[]) => new Set(names)
const find = ({ seats }: Floor, name: string) => seats.find((one) => one.name === name) as FloorSeat

describe('an edit', () => {
  it('leaves what it does not touch the same object', () => {
    const moved = moveSeats(floor, ids('A1'), { x: 5.12345, y: -1 })
    expect(find(moved, 'A1')).toMatchObject({ x: 5.123, y: -1 })
    expect(moved.seats[1]).toBe(floor.seats[1])
    expect(floor.seats[0]).toMatchObject({ x: 0, y: 0 })
  })

  it('is none where nothing changes', () => {
    expect(moveSeats(floor, ids('A1'), { x: 0, y: 0 })).toBe(floor)
    expect(setSeats(floor, ids('A2'), { zone: 'Quiet' })).toBe(floor)
    expect(removeSeats(floor, ids())).toBe(floor)
    expect(nameSeats(floor, ids('A1'), 'A1')).toBe(floor)
    expect(alignSeats(floor, ids('A1', 'A2'), 'top')).toBe(floor)
  })

  it('sets the same for all that are chosen', () => {
    const { seats } = setSeats(floor, ids('A1', 'A2'), { zone: 'Hall', has_water: true })
    expect(seats.map(({ zone, has_water }) => [zone, has_water])).toEqual([
      ['Hall', true],
      ['Hall', true],
      [null, false],
      [null, false],
    ])
  })
})

describe('a new seat', () => {
  it('stands where there is room, is like the one before, and has a name of its own', () => {
    const added = addSeat(floor, { x: 0, y: 0 }, 100, find(floor, 'A2'), 'A1').seat
    expect(added).toMatchObject({ name: 'A3', zone: 'Quiet', x: 300, y: 0 })
    expect(isNew(added)).toBe(true)
    expect(addSeat({ seats: [], plan: null }, { x: 7, y: 8 }, 100, {}, 'A1').seat).toMatchObject({ name: 'A1', x: 7 })
    expect(addSeat(floor, { x: 900, y: 900 }, 100, {}, 'A1').seat.name).toBe('A3')
  })
})

describe('copies', () => {
  it('stand to each other as the originals do, and number on in their order', () => {
    const { floor: next, copies } = copySeats(floor, ids('A10', 'A1', 'A2'), { x: 0, y: 100 })
    expect(next.seats.slice(4).map(({ name, x, y }) => [name, x, y])).toEqual([
      ['A3', 0, 100],
      ['A4', 100, 100],
      ['A11', 230, 110],
    ])
    expect([...copies.keys()]).toEqual(['A1', 'A2', 'A10'])
    expect(new Set(next.seats.map(({ id }) => id)).size).toBe(7)
  })

  it('go below a row, beside anything else, and past what stands there', () => {
    expect(roomForCopy(floor, ids('A1', 'A2'), 100)).toEqual({ x: 0, y: 100 })
    expect(roomForCopy(floor, ids('B1'), 100)).toEqual({ x: 100, y: 0 })
    expect(roomForCopy(floor, ids('A1'), 100)).toEqual({ x: 300, y: 0 })
  })
})

it('names a row as one reads it, past names that others have', () => {
  const named = nameSeats(floor, ids('A10', 'A1', 'A2'), 'B0')
  expect(named.seats.map(({ name }) => name)).toEqual(['B0', 'B2', 'B3', 'B1'])
})

it('aligns with the outermost or the middle', () => {
  const xs = (edge: Parameters<typeof alignSeats>[2]) =>
    alignSeats(floor, ids('A1', 'A2', 'A10'), edge).seats.map(({ x, y }) => [x, y])
  expect(xs('right').slice(0, 3)).toEqual([
    [230, 0],
    [230, 0],
    [230, 10],
  ])
  expect(xs('middle')).toEqual([
    [0, 5],
    [100, 5],
    [230, 5],
    [0, 300],
  ])
})

it('distributes three and more', () => {
  expect(distributeSeats(floor, ids('A10', 'A2', 'A1'), 'x').seats.map(({ x }) => x)).toEqual([0, 115, 230, 0])
  expect(distributeSeats(floor, ids('A1', 'A2'), 'x')).toBe(floor)
})
