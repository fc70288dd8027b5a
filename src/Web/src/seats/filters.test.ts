import { describe, expect, it } from 'vitest'
import { byZone, choicesOf, countOf, filtersOf, matches, toQuery } from './filters'
import type { Seat } from './seats'

const seat = (name: string, zone: string | null, more: Partial<Seat> = {}): Seat => ({
  id: name,
  name,
  zone,
  type: 'seat',
  x: 0,
  y: 0,
  has_water: false,
  has_kitchen: false,
  has_computer: false,
  has_smart_desk: false,
  is_quite: false,
  is_talk_room: false,
  is_available: true,
  ...more,
})

describe('filters in the address', () => {
  it('are read and written', () => {
    const query = { zone: ['A', ''], kind: 'room', with: 'has_water', free: '1' }
    const filters = filtersOf(query)
    expect(filters).toEqual({ zones: ['A', ''], kinds: ['room'], amenities: ['has_water'], free: true })
    expect(toQuery(filters)).toEqual({ zone: ['A', ''], kind: ['room'], with: ['has_water'], free: '1' })
    expect(countOf(filters)).toBe(4)
  })

  it('are none where there are none, or nonsense', () => {
    expect(filtersOf({ with: ['x', 'constructor'], free: 'yes' })).toEqual({
      zones: [],
      kinds: [],
      amenities: [],
      free: false,
    })
    expect(Object.values(toQuery(filtersOf({}))).every((value) => value === undefined)).toBe(true)
  })
})

describe('what they let through', () => {
  const quiet = seat('A1', 'A', { is_quite: true, has_water: true })
  it('is any of the zones and kinds, with all of the amenities', () => {
    expect(matches(quiet, filtersOf({}))).toBe(true)
    expect(matches(quiet, filtersOf({ zone: ['A', 'B'], with: ['is_quite', 'has_water'] }))).toBe(true)
    expect(matches(quiet, filtersOf({ zone: 'B' }))).toBe(false)
    expect(matches(quiet, filtersOf({ with: ['is_quite', 'has_computer'] }))).toBe(false)
    expect(matches(seat('X', null), filtersOf({ zone: '' }))).toBe(true)
  })

  it('is only asked where it exists', () => {
    expect(choicesOf([quiet, seat('B1', 'B', { type: 'room' })], 'en')).toEqual({
      zones: ['A', 'B'],
      kinds: ['room', 'seat'],
      amenities: ['has_water', 'is_quite'],
    })
  })
})

describe('the list', () => {
  it('goes zone by zone, A2 before A10, what has no zone last', () => {
    const places = [seat('A10', 'A'), seat('X', null), seat('A2', 'A'), seat('B1', 'B')].map((one) => ({ seat: one }))
    expect(byZone(places, 'ru').map(({ zone, places: all }) => [zone, all.map(({ seat: { name } }) => name)])).toEqual([
      ['A', ['A2', 'A10']],
      ['B', ['B1']],
      ['', ['X']],
    ])
  })
})
