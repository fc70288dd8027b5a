import { describe, expect, it } from 'vitest'
import { bodyOf, changesOf, isNothing, merge, seatsToldOf } from './changes'
import type { Floor, FloorSeat } from './floor'

const seat = (id: string, x = 0, y = 0, more: Partial<FloorSeat> = {}): FloorSeat => ({
  id,
  name: id,
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
const plan = { x: 0, y: 0, width: 100, height: 50 }
const floor = (seats: FloorSeat[], box: Floor['plan'] = null): Floor => ({ seats, plan: box })
const names = (seats: readonly FloorSeat[]) => seats.map(({ name }) => name)

describe('what was done', () => {
  it('is told apart', () => {
    const before = floor([seat('A'), seat('B'), seat('C'), seat('D')], plan)
    const after = floor([seat('A', 1), seat('B', 0, 0, { zone: 'Z' }), seat('D'), seat('new-1')], { ...plan, x: 1 })
    const { added, moved, edited, removed, plan: hasPlan } = changesOf(before, after)
    expect([added, moved, edited, removed].map(names)).toEqual([['new-1'], ['A'], ['B'], ['C']])
    expect(hasPlan).toBe(true)
  })

  it('is nothing when it was all undone', () => {
    const before = floor([seat('A', 0, 0, { zone: null })], plan)
    expect(isNothing(changesOf(before, floor([seat('A', 0, 0, { zone: '' })], { ...plan })))).toBe(true)
  })

  it('is told to the server without what stays', () => {
    const before = floor([seat('A', 0, 0, { zone: 'Z' }), seat('B'), seat('C')], plan)
    const after = floor([seat('A'), seat('B'), seat('new-1', 5, 6)], plan)
    expect(bodyOf(before, after, 7, false)).toEqual({
      version: 7,
      seats: [
        { id: 'A', zone: '' },
        { ...seat('new-1', 5, 6), zone: '', id: null },
      ],
      removed: ['C'],
      plan: null,
      force: false,
    })
    expect(names(seatsToldOf(before, after))).toEqual(['A', 'new-1'])
  })

  it('moves a picture only where there is one', () => {
    expect(bodyOf(floor([], plan), floor([], { ...plan, x: 3 }), 1, false).plan).toEqual({ ...plan, x: 3 })
    expect(bodyOf(floor([], null), floor([], plan), 1, false).plan).toBeNull()
  })
})

describe('our changes on top of theirs', () => {
  it('are both there where they do not meet', () => {
    const base = floor([seat('A'), seat('B'), seat('C'), seat('D')])
    const mine = floor([seat('A', 10), seat('B'), seat('C'), seat('new-1')])
    const theirs = floor([seat('A', 0, 0, { zone: 'Z' }), seat('B', 5), seat('D'), seat('E')])
    const { floor: merged, clashes } = merge(base, mine, theirs)
    expect(merged.seats).toEqual([seat('A', 10, 0, { zone: 'Z' }), seat('B', 5), seat('E'), seat('new-1')])
    expect(clashes).toEqual([])
  })

  it('hold where both did something to the same, and it is told', () => {
    const base = floor([seat('A')])
    const { floor: merged, clashes } = merge(base, floor([seat('A', 1)]), floor([seat('A', 0, 2, { name: 'Z' })]))
    expect(merged.seats).toEqual([seat('A', 1, 0, { name: 'Z' })])
    expect(clashes.map(({ kind }) => kind)).toEqual(['both'])
  })

  it('are no clash where both did the same', () => {
    const { clashes } = merge(floor([seat('A')]), floor([seat('A', 1)]), floor([seat('A', 1)]))
    expect(clashes).toEqual([])
  })

  it('do not bring back what they removed, and do remove what they changed; both is told', () => {
    const base = floor([seat('A'), seat('B'), seat('C')])
    const { floor: merged, clashes } = merge(base, floor([seat('A', 1), seat('C')]), floor([seat('B', 1)]))
    expect(merged.seats).toEqual([])
    expect(clashes.map(({ kind, seat: { id } }) => [kind, id])).toEqual([
      ['removed', 'B'],
      ['gone', 'A'],
    ])
  })

  it('are not added twice when they had been saved and only the answer was lost', () => {
    const base = floor([])
    const mine = floor([seat('new-1', 1, 1, { name: 'N' }), seat('new-2', 1, 1, { name: 'N' })])
    const theirs = floor([seat('X', 1, 1, { name: 'N' })])
    expect(merge(base, mine, theirs).floor.seats.map(({ id }) => id)).toEqual(['X', 'new-2'])
  })

  it('move the picture where it still is', () => {
    const moved = { ...plan, x: 9 }
    expect(merge(floor([], plan), floor([], moved), floor([], plan)).floor.plan).toEqual(moved)
    expect(merge(floor([], plan), floor([], moved), floor([], null)).floor.plan).toBeNull()
    expect(merge(floor([], null), floor([], null), floor([], plan)).floor.plan).toEqual(plan)
  })
})
