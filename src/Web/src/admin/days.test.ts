import { describe, expect, it } from 'vitest'
import { dayStart, inputOf, momentOf, roundedUp } from './days'

const moscow = 'Europe/Moscow'
const berlin = 'Europe/Berlin'

describe('days and moments in the fields of a form', () => {
  it('begins and ends days by the clock of the space', () => {
    expect(dayStart('2026-11-21', moscow)).toBe('2026-11-20T21:00:00.000Z')
    expect(dayStart('2026-12-31', moscow, 1)).toBe('2026-12-31T21:00:00.000Z')
    expect(dayStart('2026-03-29', berlin, 1)).toBe('2026-03-29T22:00:00.000Z')
  })

  it.each(['', 'today', '2026-1-1', "2026-01-01' OR 1"])('takes nothing that is no date: %s', (day) =>
    expect(dayStart(day, moscow)).toBeUndefined(),
  )

  it('goes to an input and back', () => {
    expect(inputOf('2026-11-21T14:05:30Z', moscow)).toBe('2026-11-21T17:05')
    expect(momentOf('2026-11-21T17:05', moscow)).toBe('2026-11-21T14:05:00.000Z')
    expect(momentOf('2026-11-21T17:05:00', moscow)).toBe('2026-11-21T14:05:00.000Z')
    expect(momentOf('', moscow)).toBeUndefined()
  })

  it('rounds up to five minutes', () => {
    expect(new Date(roundedUp(Date.parse('2026-11-21T14:01:00Z'))).toISOString()).toBe('2026-11-21T14:05:00.000Z')
    expect(new Date(roundedUp(Date.parse('2026-11-21T14:05:00Z'))).toISOString()).toBe('2026-11-21T14:05:00.000Z')
  })
})
