import { describe, expect, it } from 'vitest'
import { chartTop, visitsWith, type Visit } from './today'

const visit = (first_name: string | null, email: string | null, seat_name: string) =>
  ({ first_name, email, seat_name }) as Visit

describe('arrivals by text', () => {
  const visits = [
    visit('Анна', 'anna@example.com', 'A1'),
    visit(null, null, 'B2'),
    visit('Boris', 'b@example.com', 'A10'),
  ]

  it('looks at names, addresses and seats, whatever the case', () => {
    expect(visitsWith(visits, 'анна')).toEqual([visits[0]])
    expect(visitsWith(visits, ' b2 ')).toEqual([visits[1]])
    expect(visitsWith(visits, 'a1')).toEqual([visits[0], visits[2]])
    expect(visitsWith(visits, 'EXAMPLE')).toEqual([visits[0], visits[2]])
    expect(visitsWith(visits, 'zzz')).toEqual([])
  })
})

describe("a chart's top", () => {
  it.each([
    [0, 42, 5],
    [5, 42, 5],
    [6, 42, 10],
    [40, 42, 42],
    [3, 2, 3],
    [0, 0, 1],
    [3000, 3000, 3000],
  ])('%i of %i seats: %i', (most, seats, top) => expect(chartTop(most, seats)).toBe(top))
})
