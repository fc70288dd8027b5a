import { describe, expect, it } from 'vitest'
import { noFilters, reservationQuery } from './reservationFilters'

describe('filters of reservations', () => {
  it('ask for everything by default', () =>
    expect(reservationQuery(noFilters, 'Europe/Moscow')).toEqual({ sort: '-made' }))

  it('take the last day in full, by the clock of the space', () => {
    const filters = {
      ...noFilters,
      from: '2026-11-21',
      to: '2026-11-22',
      status: 'active',
      seat: 's',
      user: 'u',
      q: 'a',
    }
    expect(reservationQuery(filters, 'Europe/Moscow')).toEqual({
      q: 'a',
      status: 'active',
      seat_id: 's',
      user_id: 'u',
      from: '2026-11-20T21:00:00.000Z',
      to: '2026-11-22T21:00:00.000Z',
      sort: '-made',
    })
  })

  it('drop what an address has made up', () => {
    expect(reservationQuery({ ...noFilters, status: 'gone', from: 'soon' }, 'Europe/Moscow').from).toBeUndefined()
    expect(reservationQuery({ ...noFilters, status: 'gone', sort: '--x' }, 'Europe/Moscow')).toEqual({})
  })
})
