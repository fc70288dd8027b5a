import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@/api/problem'
import { checkIn, standingOf } from './checkin'

const post = vi.hoisted(() => vi.fn())
vi.mock('@/api/client', () => ({ api: { POST: post }, take: (answer: unknown) => answer }))

const space = { check_in_opens_minutes: 15 }
const start = '2026-11-21T14:00:00Z'
const at = (time: string) => Date.parse(`2026-11-21T${time}Z`)

describe('at the door', () => {
  it.each([
    ['future', true, '13:44:59', 'early'],
    ['future', false, '13:44:59', 'early'],
    ['future', true, '13:45:00', 'ready'],
    ['future', false, '13:45:00', 'unverified'],
    ['active', true, '13:00:00', 'in'],
    ['closed', true, '14:00:00', 'closed'],
    ['did_not_come', false, '14:40:00', 'missed'],
  ] as const)('%s, verified %s, at %s: %s', (status, verified, time, standing) =>
    expect(standingOf({ status, start }, verified, space, at(time))).toBe(standing),
  )

  it('lets the Api decide where the rules of the space are not known', () => {
    expect(standingOf({ status: 'future', start }, true, undefined, at('08:00:00'))).toBe('ready')
  })
})

describe('letting somebody in', () => {
  const unverified = new Problem(424, 'user_not_verified', 'no', { user_id: 'u' })
  const asked = () => post.mock.calls.map(([path, { params }]) => [path, ...Object.values(params.path)])
  const checked = ['/api/admin/check_qr/{reservation_id}', 'pass']
  const verified = ['/api/admin/verify_user/{user_id}', 'u']
  beforeEach(() => post.mockReset())

  it('takes one call where they are verified', async () => {
    post.mockResolvedValueOnce({ status: 'active' })
    expect(await checkIn('pass', true)).toEqual({ status: 'active' })
    expect(asked()).toEqual([checked])
  })

  it('vouches for them where the administrator does', async () => {
    post.mockRejectedValueOnce(unverified).mockResolvedValue({ status: 'active' })
    await checkIn('pass', true)
    expect(asked()).toEqual([checked, verified, checked])
  })

  it('vouches for nobody else', async () => {
    post.mockRejectedValueOnce(unverified)
    await expect(checkIn('pass', false)).rejects.toBe(unverified)
    expect(asked()).toEqual([checked])
  })

  it('vouches for nobody whose pass is not in order', async () => {
    const unknown = new Problem(404, 'reservation_not_found', 'no')
    post.mockRejectedValueOnce(unknown)
    await expect(checkIn('pass', true)).rejects.toBe(unknown)
    expect(asked()).toEqual([checked])
  })
})
