import { describe, expect, it } from 'vitest'
import { readPass } from './pass'

const id = '01a1fa27-a324-739d-ab1d-a14a1a39cec6'
const signature = 'AAECAwQFBgcICQoLDA0ODw'
const bytes = [...id.replaceAll('-', '').matchAll(/../g)].map(([hex]) => Number.parseInt(hex, 16))
const both = String.fromCharCode(...bytes, ...Array.from({ length: 16 }, (_, i) => i))
const parameter = `pass_${btoa(both).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`

describe('a pass', () => {
  it('is the bare id that old clients draw', () => {
    expect(readPass(id)).toEqual({ reservationId: id, code: id })
    expect(readPass(` ${id.toUpperCase()}\n`)?.reservationId).toBe(id)
  })

  it('is signed, as a text', () => {
    const code = `bookit:${id}.${signature}`
    expect(readPass(code)).toEqual({ reservationId: id, code })
  })

  it('is signed, as what a link hands the bot', () => {
    expect(parameter).toHaveLength(48)
    expect(readPass(parameter)).toEqual({ reservationId: id, code: parameter })
    expect(readPass(`https://t.me/some_bot?start=${parameter}`)).toEqual({ reservationId: id, code: parameter })
    expect(readPass(`tg://resolve?domain=some_bot&start=${parameter}`)?.code).toBe(parameter)
  })

  it.each([
    '',
    'hello',
    '12345678',
    `${id}0`,
    'pass_short',
    `bookit:${id}`,
    `bookit:${id}.short`,
    `https://example.com/?start=${parameter}`,
    `http://t.me/bot?start=${parameter}`,
    'https://t.me/bot?start=seat_1',
    'https://t.me/bot',
    'javascript:alert(1)',
    `WIFI:S:${id};;`,
  ])('is not: %s', (text) => expect(readPass(text)).toBeUndefined())
})
