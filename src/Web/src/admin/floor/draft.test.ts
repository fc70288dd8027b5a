import { beforeEach, expect, it } from 'vitest'
import { dropDraft, keepDraft, readDraft } from './draft'

const draft = { user: 'me', version: 3, base: { seats: [], plan: null }, floor: { seats: [], plan: null } }
beforeEach(() => sessionStorage.clear())

it('is there again, for whom it belongs to', () => {
  keepDraft(draft)
  expect(readDraft('me')).toEqual(draft)
  expect(readDraft('somebody else')).toBeUndefined()
  dropDraft()
  expect(readDraft('me')).toBeUndefined()
})

it.each(['', '{', 'null', '{"user":"me"}', '{"user":"me","version":1,"base":{"seats":[{}]},"floor":{"seats":[]}}'])(
  'is none when it is broken: %s',
  (text) => {
    sessionStorage.setItem('bookit.floor', text)
    expect(readDraft('me')).toBeUndefined()
  },
)
