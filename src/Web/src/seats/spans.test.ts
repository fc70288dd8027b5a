import { describe, expect, it } from 'vitest'
import {
  clampSpan,
  fromInput,
  hour,
  minute,
  nowSpan,
  onDay,
  quarter,
  ruleBroken,
  spanOf,
  step,
  toAddress,
  toInput,
  trackOf,
  type Span,
} from './spans'

const rules = { min_duration_minutes: 15, max_duration_minutes: 24 * 60, max_ahead_minutes: 30 * 24 * 60 }
const moscow = 'Europe/Moscow'
const at = (text: string) => Date.parse(`2026-11-23T${text}+03:00`)
const span = (start: string, end: string): Span => ({ start: at(start), end: at(end) })
const now = at('14:03:20')

describe('now', () => {
  it('is this minute and about two hours, up to a quarter', () => {
    expect(nowSpan(now, rules)).toEqual(span('14:03', '16:00'))
    expect(nowSpan(at('14:10'), rules)).toEqual(span('14:10', '16:15'))
  })

  it('is no longer than the space allows', () => {
    expect(nowSpan(now, { ...rules, max_duration_minutes: 60 })).toEqual(span('14:03', '15:03'))
  })
})

describe('a span in the hand', () => {
  it('keeps its other end and its least and greatest length', () => {
    expect(clampSpan(span('15:00', '15:05'), rules, now, 'end')).toEqual(span('15:00', '15:15'))
    expect(clampSpan(span('15:58', '16:00'), rules, now, 'start')).toEqual(span('15:45', '16:00'))
    expect(clampSpan({ start: at('15:00'), end: at('15:00') + 30 * hour }, rules, now, 'end').end).toBe(
      at('15:00') + 24 * hour,
    )
  })

  it('never begins in the past, or further ahead than one may book', () => {
    expect(clampSpan(span('09:00', '16:00'), rules, now, 'start')).toEqual(span('14:03', '16:00'))
    expect(clampSpan(span('09:00', '11:00'), rules, now, 'move')).toEqual(span('14:03', '16:03'))
    const far = clampSpan({ start: now + 400 * 24 * hour, end: now + 400 * 24 * hour + hour }, rules, now, 'move')
    expect(ruleBroken(far, rules, now)).toBeUndefined()
    expect(far.end - far.start).toBe(hour)
  })

  it('is pushed on where its end is too near', () => {
    expect(clampSpan(span('14:00', '14:10'), rules, now, 'start')).toEqual(span('14:03', '14:18'))
  })

  it('steps along the grid, also from beside it', () => {
    expect(step(at('14:03'), quarter)).toBe(at('14:15'))
    expect(step(at('14:03'), -quarter)).toBe(at('14:00'))
    expect(step(at('14:15'), quarter)).toBe(at('14:30'))
    expect(step(at('14:03'), hour)).toBe(at('15:00'))
  })
})

describe('the rules', () => {
  it.each([
    ['16:00', '15:00', 'order'],
    ['13:57', '16:00', 'past'],
    ['13:59', '16:00', undefined],
    ['15:00', '15:14', 'too_short'],
    ['15:00', '15:15', undefined],
  ])('%s to %s: %s', (start, end, broken) => expect(ruleBroken(span(start, end), rules, now)).toBe(broken))

  it('know the longest and the furthest', () => {
    expect(ruleBroken({ start: now, end: now + 24 * hour }, rules, now)).toBeUndefined()
    expect(ruleBroken({ start: now, end: now + 24 * hour + minute }, rules, now)).toBe('too_long')
    const last = now + rules.max_ahead_minutes * minute
    expect(ruleBroken({ start: last, end: last + hour }, rules, now)).toBeUndefined()
    expect(ruleBroken({ start: last + minute, end: last + hour }, rules, now)).toBe('too_far')
  })
})

describe('days', () => {
  it('keep the times of the clock', () => {
    expect(onDay(span('14:03', '16:00'), now + 24 * hour, rules, now, moscow)).toEqual({
      start: at('14:03') + 24 * hour,
      end: at('16:00') + 24 * hour,
    })
    const back = onDay({ start: at('09:00') + 24 * hour, end: at('11:00') + 24 * hour }, now, rules, now, moscow)
    expect(back).toEqual(span('14:03', '16:03'))
  })

  it('keep them also where the clock is put back', () => {
    const berlin = 'Europe/Berlin'
    const saturday = Date.parse('2026-10-24T10:00:00+02:00')
    const moved = onDay({ start: saturday, end: saturday + hour }, saturday + 24 * hour, rules, saturday, berlin)
    expect(toAddress(moved.start)).toBe('2026-10-25T09:00Z')
  })

  it('show what is left of today, and the others from six on', () => {
    expect(trackOf(span('14:03', '16:00'), now, moscow)).toEqual({ start: at('14:00'), end: at('14:00') + 12 * hour })
    expect(trackOf(span('08:03', '10:00'), at('08:03'), moscow)).toEqual({
      start: at('08:00'),
      end: at('00:00') + 24 * hour,
    })
    const [start, end] = [at('04:30') + 24 * hour, at('06:00') + 24 * hour]
    expect(trackOf({ start, end }, now, moscow)).toEqual({
      start: at('04:00') + 24 * hour,
      end: at('00:00') + 48 * hour,
    })
    const late = { start: at('22:00') + 24 * hour, end: at('02:30') + 48 * hour }
    expect(trackOf(late, now, moscow)).toEqual({ start: at('06:00') + 24 * hour, end: at('03:00') + 48 * hour })
  })
})

describe('addresses and inputs', () => {
  it('name a span and find it again', () => {
    const { start, end } = span('14:00', '16:00')
    expect(toAddress(start)).toBe('2026-11-23T11:00Z')
    expect(spanOf({ start: toAddress(start), end: toAddress(end) })).toEqual({ start, end })
  })

  it.each([{}, { start: 'x', end: 'y' }, { start: '2026-11-23T11:00Z' }, { start: ['a'], end: ['b'] }])(
    'name none: %o',
    (query) => expect(spanOf(query)).toBeUndefined(),
  )

  it('name none that ends before it begins', () =>
    expect(spanOf({ start: '2026-11-23T11:00Z', end: '2026-11-23T10:00Z' })).toBeUndefined())

  it('are by the clock of the space', () => {
    expect(toInput(at('14:05'), moscow)).toBe('2026-11-23T14:05')
    expect(fromInput('2026-11-23T14:05', moscow)).toBe(at('14:05'))
    expect(fromInput('', moscow)).toBeUndefined()
  })
})
