import { expect, it } from 'vitest'
import { commandOf } from './keyboard'

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  commandOf({ key, code: '', ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more })

it('knows the keys, also on a keyboard of other letters and on a Mac', () => {
  expect(press('z', { ctrlKey: true })).toBe('undo')
  expect(press('Z', { ctrlKey: true, shiftKey: true })).toBe('redo')
  expect(press('я', { code: 'KeyZ', ctrlKey: true })).toBe('undo')
  expect(press('d', { metaKey: true })).toBe('copy')
  // Where the letters lie elsewhere, the letter counts.
  expect(press('z', { code: 'KeyY', ctrlKey: true })).toBe('undo')
  expect(press('Delete')).toBe('remove')
})

it('moves by arrows, farther with Shift, and leaves other keys alone', () => {
  expect(press('ArrowUp')).toEqual({ move: { x: 0, y: -1 }, far: false })
  expect(press('ArrowLeft', { shiftKey: true })).toEqual({ move: { x: -1, y: 0 }, far: true })
  expect(press('ArrowLeft', { altKey: true })).toBeUndefined()
  expect(press('ArrowLeft', { ctrlKey: true })).toBeUndefined()
  expect(press('a')).toBeUndefined()
  expect(press('r', { ctrlKey: true })).toBeUndefined()
})
