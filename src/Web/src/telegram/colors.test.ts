import { expect, test } from 'vitest'
import { contrast, readableColors } from './colors'

test('contrast is that of WCAG', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(contrast('#fff', 'red')).toBe(0)
  expect(contrast(undefined, '#ffffff')).toBe(0)
})

test('a dark theme is dark, and its colours are worn', () => {
  const { scheme, variables } = readableColors({ bg_color: '#17212b', secondary_bg_color: '#0e1621' })
  expect(scheme).toBe('dark')
  expect(variables).toMatchObject({ '--surface': '#17212b', '--page': '#0e1621' })
})

test('a button is worn where its words and it itself can be read', () => {
  const blue = { bg_color: '#ffffff', button_color: '#0b57c0', button_text_color: '#ffffff' }
  expect(readableColors(blue).variables).toMatchObject({ '--accent': '#0b57c0', '--on-accent': '#ffffff' })
  const pale = { ...blue, button_color: '#7fd0ff' }
  expect(readableColors(pale).variables['--accent']).toBeUndefined()
})

test('a theme on which nothing can be read is left alone', () => {
  const { scheme, variables } = readableColors({ bg_color: '#ff00ff', secondary_bg_color: 'javascript:alert(1)' })
  expect(scheme).toBe('light')
  expect(Object.values(variables)).toEqual([undefined, undefined, undefined, undefined, undefined])
})
