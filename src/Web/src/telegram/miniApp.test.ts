import { expect, test } from 'vitest'
import { pageOf } from './miniApp'

test('a sticker on a desk leads to its seat', () => {
  expect(pageOf('seat_0199d2f0-0000-7000-8000-000000000001')).toBe('/?seat=0199d2f0-0000-7000-8000-000000000001')
})

test('the pass has a link of its own', () => {
  expect(pageOf('pass')).toBe('/pass')
})

test('what somebody has made up leads nowhere', () => {
  for (const start of [null, '', 'seat_', 'seat_1?x=//evil.example', 'seat_..%2Fadmin', 'passed', '//evil'])
    expect(pageOf(start)).toBeUndefined()
})
