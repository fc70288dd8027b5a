import { beforeEach, describe, expect, it } from 'vitest'
import { forgetPass, keepPass, readKeptPass, type KeptPass } from './keptPass'

const pass = (end: number): KeptPass => ({
  reservation: {
    id: 'b',
    user_id: 'u',
    seat_id: 's',
    seat_name: '<b>A1</b>',
    start: new Date(end - 3_600_000).toISOString(),
    end: new Date(end).toISOString(),
    status: 'future',
  },
  zone: null,
  svg: '<svg/>',
  keptAt: 0,
})

beforeEach(() => localStorage.clear())

describe('the kept pass', () => {
  it('is there without a network until the booking ends', () => {
    keepPass(pass(Date.now() + 60_000))
    expect(readKeptPass()?.svg).toBe('<svg/>')
    expect(readKeptPass('b')).toBeDefined()
    expect(readKeptPass('another')).toBeUndefined()
    keepPass(pass(Date.now() - 1))
    expect(readKeptPass()).toBeUndefined()
    expect(localStorage.getItem('bookit.pass')).toBeNull()
  })

  it('is forgotten when told so', () => {
    keepPass(pass(Date.now() + 60_000))
    forgetPass()
    expect(readKeptPass()).toBeUndefined()
  })

  it.each(['', 'null', '{', '{"svg":1}', '[]'])('is none where %j is kept', (text) => {
    localStorage.setItem('bookit.pass', text)
    expect(readKeptPass()).toBeUndefined()
  })
})
