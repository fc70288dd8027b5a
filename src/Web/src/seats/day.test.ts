import { describe, expect, it } from 'vitest'
import { fixesOf, freeSpans, standingOf } from './day'
import { hour } from './spans'

const h = (start: number, end: number) => ({ start: start * hour, end: end * hour })
const rules = { min_duration_minutes: 15, max_duration_minutes: 24 * 60, max_ahead_minutes: 30 * 24 * 60 }

describe('what is free', () => {
  it('is what nobody holds', () => {
    expect(freeSpans([h(9, 11), h(13, 14)], h(8, 18))).toEqual([h(8, 9), h(11, 13), h(14, 18)])
    expect(freeSpans([], h(8, 18))).toEqual([h(8, 18)])
    expect(freeSpans([h(0, 24)], h(8, 18))).toEqual([])
  })

  it('is cut to what was asked for, and touching holds leave nothing between them', () => {
    expect(freeSpans([h(7, 9), h(9, 12), h(17, 20)], h(8, 18))).toEqual([h(12, 17)])
    expect(freeSpans([h(20, 21)], h(8, 18))).toEqual([h(8, 18)])
  })
})

describe('how a seat stands to a wish', () => {
  it.each([
    [[], { kind: 'free', until: undefined }],
    [[h(18, 19)], { kind: 'free', until: 18 * hour }],
    [[h(16, 19)], { kind: 'free', until: 16 * hour }],
    [[h(30, 31)], { kind: 'free', until: undefined }],
    [[h(12, 14)], { kind: 'free', until: undefined }],
    [[h(15, 17)], { kind: 'partly', until: 15 * hour }],
    [[h(13, 15)], { kind: 'taken', until: 15 * hour }],
    [[h(13, 15), h(15, 17), h(18, 19)], { kind: 'taken', until: 17 * hour }],
  ])('%o', (held, standing) => expect(standingOf(held, h(14, 16), 24 * hour)).toEqual(standing))
})

describe('what helps where a wish does not fit', () => {
  const fixes = (held: ReturnType<typeof h>[], wish = h(14, 16)) => fixesOf(held, wish, rules, 10 * hour, 24 * hour)

  it('is nothing where it fits', () => expect(fixes([h(16, 18)])).toEqual([]))

  it('is the part that is free, and the next time that is as long', () => {
    expect(fixes([h(15, 17)])).toEqual([h(14, 15), h(17, 19)])
    expect(fixes([h(13, 15)])).toEqual([h(15, 17)])
    expect(fixes([h(13, 15), h(16, 18)])).toEqual([h(15, 16), h(18, 20)])
  })

  it('is nothing too short', () => expect(fixes([h(14.1, 15), h(15.1, 24)])).toEqual([]))

  it('never lies in the past', () => {
    expect(fixesOf([h(15, 17)], h(14, 16), rules, 14.5 * hour, 24 * hour)[0]).toEqual(h(14.5, 15))
  })
})
