import { describe, expect, it } from 'vitest'
import { filtersOf, nextSort, offsetOf, queryOf } from './listing'

const defaults = { q: '', status: '', sort: '-start' }

describe('a list in the address', () => {
  it('reads what is said and fills in the rest', () => {
    expect(filtersOf({ q: 'Анна', other: 'x' }, defaults)).toEqual({ q: 'Анна', status: '', sort: '-start' })
    expect(filtersOf({ q: ['a', 'b'], status: null }, defaults)).toEqual({ q: 'a', status: '', sort: '-start' })
  })

  it('says only what is not as by default', () => {
    expect(queryOf({ q: '', status: 'future', sort: '-start' }, defaults)).toEqual({ status: 'future' })
    expect(queryOf({ q: 'a', status: '', sort: 'seat' }, defaults, 50)).toEqual({ q: 'a', sort: 'seat', offset: '50' })
  })

  it.each([
    [{}, 0],
    [{ offset: '25' }, 25],
    [{ offset: '-25' }, 0],
    [{ offset: 'x' }, 0],
    [{ offset: '1.5' }, 0],
    [{ offset: '99999999999' }, 0],
  ])('takes no offset that the Api would refuse: %o', (query, offset) => expect(offsetOf(query)).toBe(offset))

  it('turns a column round when it is pressed again', () => {
    expect(nextSort('-start', 'seat')).toBe('seat')
    expect(nextSort('seat', 'seat')).toBe('-seat')
    expect(nextSort('-seat', 'seat')).toBe('seat')
  })
})
