import { describe, expect, it } from 'vitest'

type Words = { [key: string]: string | Words }
const files = import.meta.glob<{ default: Words }>('../**/{en,ru}.json', {
  eager: true,
  query: '?raw',
  import: 'default',
})

function keysOf(words: Words, prefix = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : keysOf(value, `${prefix}${key}.`),
  )
}

const read = (path: string) => new Map(keysOf(JSON.parse(files[path] as unknown as string) as Words))
const placeholders = (text: string) => [...new Set(text.match(/\{[a-z_]\w*\}/gi) ?? [])].sort()

describe.each(Object.keys(files).filter((path) => path.endsWith('/en.json')))('%s', (path) => {
  const english = read(path)
  const russian = read(path.replace('en.json', 'ru.json'))

  it('has every sentence in both languages', () => {
    expect([...russian.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('fills in the same values, and counts in two forms and three', () => {
    for (const [key, text] of english) {
      expect(placeholders(russian.get(key) ?? ''), key).toEqual(placeholders(text))
      if (text.includes(' | ')) {
        expect([text.split(' | ').length, russian.get(key)?.split(' | ').length], key).toEqual([2, 3])
      }
    }
  })
})
