import { api, take, type Schemas } from '@/api/client'
import { Problem } from '@/api/problem'
import type { Space } from '@/seats/space'

export type Reservation = Schemas['ReservationResponse']

/**
 * How somebody stands at the door: may come in (`ready`), after an administrator has seen who it is (`unverified`), is in,
 * is too early, or comes for nothing.
 */
export type Standing = 'ready' | 'unverified' | 'in' | 'early' | 'closed' | 'missed'

/** What the Api is going to say, as far as it can be known beforehand. It is the Api that decides. */
export function standingOf(
  { status, start }: { status: string; start: string },
  verified: boolean,
  space: Pick<Space, 'check_in_opens_minutes'> | undefined,
  now: number,
): Standing {
  if (status === 'closed') return 'closed'
  if (status === 'did_not_come') return 'missed'
  if (status === 'active') return 'in'
  if (space && now < opensAt(start, space)) return 'early'
  return verified ? 'ready' : 'unverified'
}

export const opensAt = (start: string, space: Pick<Space, 'check_in_opens_minutes'>): number =>
  Date.parse(start) - space.check_in_opens_minutes * 60_000

/** Asks the Api to check in: of somebody who is in already it only finds whether the pass is ours. */
export const check = (code: string): Promise<Reservation> =>
  take(api.POST('/api/admin/check_qr/{reservation_id}', { params: { path: { reservation_id: code } } }))

/**
 * Lets somebody in. Where the administrator vouches for them with the same press, that is done only once the Api has found
 * that nothing else is wrong with the pass.
 */
export async function checkIn(code: string, vouches: boolean): Promise<Reservation> {
  try {
    return await check(code)
  } catch (reason) {
    const userId = reason instanceof Problem && reason.code === 'user_not_verified' ? reason.body.user_id : undefined
    if (!vouches || !userId) throw reason
    await take(api.POST('/api/admin/verify_user/{user_id}', { params: { path: { user_id: userId } } }))
    return await check(code)
  }
}
