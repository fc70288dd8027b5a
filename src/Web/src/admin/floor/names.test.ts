import { expect, it } from 'vitest'
import { nextName, nextNames, rowOfNames } from './names'

it.each([
  ['A1', 'A2'],
  ['A9', 'A10'],
  ['Desk 09', 'Desk 10'],
  ['2.5b', '2.6b'],
  ['Переговорная 1', 'Переговорная 2'],
  ['Sofa', 'Sofa 2'],
])('%s is followed by %s', (name, next) => {
  expect(nextName(name, new Set())).toBe(next)
})

it('skips what somebody is called', () => {
  expect(nextName('A1', new Set(['A2', 'A3']))).toBe('A4')
  expect(nextNames(['A1', 'A2', 'A3'], ['A1', 'A2', 'A3'])).toEqual(['A4', 'A5', 'A6'])
  expect(nextNames(['Sofa', 'Sofa'], ['Sofa'])).toEqual(['Sofa 2', 'Sofa 3'])
  expect(rowOfNames('C1', 3, ['C2'])).toEqual(['C1', 'C3', 'C4'])
})

it('stays within the longest name', () => {
  const long = `${'x'.repeat(99)}9`
  expect(nextName(long, new Set())).toHaveLength(100)
  expect(nextName(long, new Set())).not.toBe(long)
})
