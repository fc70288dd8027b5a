import { describe, expect, it } from 'vitest'
import { russianPlural } from '.'
import { dayOf, instantOf, localOf, makeFormat, startOfDay } from './format'

const berlin = 'Europe/Berlin'
const format = (locale: string) =>
  makeFormat(locale, 'Europe/Moscow', (key, values) =>
    key === 'day.moment'
      ? `${values?.day as string}, ${values?.time as string}`
      : `${key} ${JSON.stringify(values ?? '')}`,
  )

describe('times by the clock of the space', () => {
  it('knows what the clock shows, in summer and in winter', () => {
    expect(localOf('2026-07-01T22:30:00Z', berlin)).toEqual({ year: 2026, month: 7, day: 2, hour: 0, minute: 30 })
    expect(localOf('2026-12-01T22:30:00Z', berlin)).toEqual({ year: 2026, month: 12, day: 1, hour: 23, minute: 30 })
  })

  it('finds the moment again, also where the clock shows it twice or never', () => {
    const at = (day: number, month: number, hour: number, minute = 0) =>
      new Date(instantOf({ year: 2026, month, day, hour, minute }, berlin)).toISOString()
    expect(at(1, 7, 12)).toBe('2026-07-01T10:00:00.000Z')
    expect(at(25, 10, 2, 30)).toBe('2026-10-25T00:30:00.000Z')
    expect(at(29, 3, 2, 30)).toBe('2026-03-29T01:30:00.000Z')
  })

  it('begins days at midnight there', () => {
    expect(new Date(startOfDay('2026-03-28T23:30:00Z', berlin)).toISOString()).toBe('2026-03-28T23:00:00.000Z')
    expect(new Date(startOfDay('2026-03-28T23:30:00Z', berlin, 1)).toISOString()).toBe('2026-03-29T22:00:00.000Z')
    expect(dayOf('2026-12-31T21:30:00Z', 'Europe/Moscow')).toBe('2027-01-01')
  })

  it('writes spans as people do', () => {
    expect(format('en').span('2030-05-06T11:00:00Z', '2030-05-06T13:00:00Z')).toBe('6 May 2030, 14:00–16:00')
    expect(format('ru').span('2030-05-06T11:00:00Z', '2030-05-06T13:00:00Z')).toBe('6 мая 2030 г., 14:00–16:00')
    expect(format('en').span('2030-05-06T18:00:00Z', '2030-05-06T21:00:00Z')).toBe('6 May 2030, 21:00–00:00')
    expect(format('en').span('2030-05-06T19:00:00Z', '2030-05-06T23:00:00Z')).toBe(
      '6 May 2030, 22:00 – 7 May 2030, 02:00',
    )
  })
})

describe('durations', () => {
  const minute = 60_000
  it.each([
    [30, 'duration.minutes {"minutes":30}'],
    [120, 'duration.hours {"hours":2}'],
    [24 * 60, 'duration.hours {"hours":24}'],
    [47 * 60 + 59, 'duration.both {"hours":47,"minutes":59}'],
    [72 * 60 - 1, 'duration.days {"n":3}'],
    [75 * 60 + 10, 'duration.days {"n":3} duration.hours {"hours":3}'],
  ])('%i minutes', (minutes, words) => expect(format('en').duration(minutes * minute)).toBe(words))
})

describe('Russian plurals', () => {
  it.each([
    [1, 0],
    [2, 1],
    [4, 1],
    [5, 2],
    [11, 2],
    [14, 2],
    [21, 0],
    [22, 1],
    [111, 2],
    [0, 2],
  ])('%i takes form %i', (count, form) => expect(russianPlural(count)).toBe(form))
})
