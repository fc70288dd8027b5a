import { describe, expect, it } from 'vitest'
import { extensionsOf, firstOverlap, isLive, stageOf, type Booking } from './rules'

const at = (time: string) => Date.parse(`2026-07-01T${time}:00Z`)
const booking = (status: Booking['status']): Booking => ({
  id: 'b',
  user_id: 'u',
  seat_id: 's',
  seat_name: 'A1',
  start: '2026-07-01T10:00:00Z',
  end: '2026-07-01T12:00:00Z',
  status,
})
const space = { check_in_opens_minutes: 15, no_show_after_minutes: 30 }

describe('a booking', () => {
  it('is live until its end', () => {
    expect(isLive(booking('future'), at('11:59'))).toBe(true)
    expect(isLive(booking('active'), at('12:00'))).toBe(false)
    expect(isLive(booking('closed'), at('11:00'))).toBe(false)
    expect(isLive(booking('did_not_come'), at('11:00'))).toBe(false)
  })

  it('can be checked in from a while before its start until the seat is given to others', () => {
    expect(stageOf(booking('future'), at('09:44'), space)).toEqual({ kind: 'early', opensAt: at('09:45') })
    expect(stageOf(booking('future'), at('09:45'), space)).toEqual({ kind: 'open', releasedAt: at('10:30') })
    expect(stageOf(booking('future'), at('09:45'), { ...space, no_show_after_minutes: null })).toEqual({
      kind: 'open',
      releasedAt: undefined,
    })
    expect(stageOf(booking('future'), at('09:45'), { ...space, no_show_after_minutes: 120 })).toEqual({
      kind: 'open',
      releasedAt: undefined,
    })
  })

  it('shows its pass where the rules are not known', () =>
    expect(stageOf(booking('future'), at('01:00'), undefined).kind).toBe('open'))

  it.each([
    ['active', '11:00', 'in'],
    ['active', '12:00', 'over'],
    ['closed', '09:00', 'over'],
    ['did_not_come', '11:00', 'missed'],
  ] as const)('that is %s at %s is %s', (status, time, kind) =>
    expect(stageOf(booking(status), at(time), space)).toEqual({ kind }),
  )
})

describe('going on', () => {
  const obstacles = (freeUntil: number, longest = 1440) =>
    extensionsOf(booking('active'), freeUntil, longest).map(({ obstacle }) => obstacle)

  it('is possible until the next one comes', () => {
    expect(obstacles(Infinity)).toEqual([undefined, undefined])
    expect(obstacles(at('13:00'))).toEqual([undefined, undefined])
    expect(obstacles(at('12:59'))).toEqual([undefined, 'taken'])
    expect(obstacles(at('12:00'))).toEqual(['taken', 'taken'])
  })

  it('is not possible for ever', () => expect(obstacles(Infinity, 150)).toEqual([undefined, 'longest']))

  it('ends later', () =>
    expect(extensionsOf(booking('active'), Infinity, 1440).map(({ end }) => end)).toEqual([
      '2026-07-01T12:30:00.000Z',
      '2026-07-01T13:00:00.000Z',
    ]))
})

describe('spans', () => {
  const held = [
    { start: '2026-07-01T08:00:00Z', end: '2026-07-01T10:00:00Z' },
    { start: '2026-07-01T12:00:00Z', end: '2026-07-01T13:00:00Z' },
  ]
  it('that only touch do not overlap', () => expect(firstOverlap(at('10:00'), at('12:00'), held)).toBeUndefined())
  it('overlap by a minute', () => expect(firstOverlap(at('09:00'), at('12:01'), held)).toBe(held[0]))
  it('overlap when one lies in the other', () => expect(firstOverlap(at('12:15'), at('12:20'), held)).toBe(held[1]))
})
