import { expect, it } from 'vitest'
import { begin, record, redo, rewrite, undo } from './history'

it('goes back and forth', () => {
  const third = record(record(begin(1), 2), 3)
  expect(undo(undo(third)).present).toBe(1)
  expect(undo(undo(undo(third))).present).toBe(1)
  expect(redo(undo(third)).present).toBe(3)
  expect(redo(third)).toEqual(third)
})

it('forgets what was undone as soon as something else is done', () => {
  const other = record(undo(record(begin(1), 2)), 5)
  expect(redo(other).present).toBe(5)
  expect(undo(other).present).toBe(1)
})

it('takes one act for one step, until something comes between', () => {
  let history = record(record(begin(0), 1, 'nudge'), 2, 'nudge')
  expect(undo(history).present).toBe(0)
  history = record(record(history, 3), 4, 'nudge')
  expect(undo(history).present).toBe(3)
  expect(undo(record(undo(history), 9, 'nudge')).present).toBe(3)
})

it('does nothing for nothing', () => {
  const history = begin({})
  expect(record(history, history.present)).toBe(history)
})

it('rewrites what was and what will be', () => {
  const history = rewrite(undo(record(begin(1), 2)), (n) => n * 10)
  expect([history.present, redo(history).present]).toEqual([10, 20])
})
