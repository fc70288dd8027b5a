import { describe, expect, it } from 'vitest'
import { changesOf, isInstant } from './audit'

describe('what an administrator changed', () => {
  it('is told field by field', () => {
    expect(changesOf({ name: 'A1', x: 10, zone: null }, { name: 'A2', x: 10, zone: null })).toEqual([
      { field: 'name', before: 'A1', after: 'A2' },
    ])
  })

  it('is what something new is like, and what something removed was like', () => {
    expect(changesOf(null, { id: '1', name: 'A1', zone: null })).toEqual([{ field: 'name', before: null, after: 'A1' }])
    expect(changesOf({ name: 'A1' }, null)).toEqual([{ field: 'name', before: 'A1', after: null }])
  })

  it('tells what is false and nought from what is not there', () => {
    expect(changesOf({ verified: false }, { verified: true })).toEqual([
      { field: 'verified', before: false, after: true },
    ])
    expect(changesOf({ x: 0 }, {})).toEqual([{ field: 'x', before: 0, after: null }])
  })

  it('begins with what people ask for first', () => {
    const made = { zone: 'a', ends_at: 'e', seat_id: 's', starts_at: 'b' }
    expect(changesOf(null, made).map(({ field }) => field)).toEqual(['seat_id', 'starts_at', 'ends_at', 'zone'])
  })

  it('survives what it does not know', () => {
    expect(changesOf('text', ['a'])).toEqual([])
    expect(changesOf(undefined, { list: [1, 2] })).toEqual([{ field: 'list', before: null, after: [1, 2] }])
  })

  it('knows instants', () => {
    expect(isInstant('2026-11-21T14:00:00Z')).toBe(true)
    expect(isInstant('2026-11-21T16:41:08.486+00:00')).toBe(true)
    expect(isInstant('2026-11-21')).toBe(false)
    expect(isInstant(5)).toBe(false)
  })
})
