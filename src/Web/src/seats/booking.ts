import { useMutation } from '@tanstack/vue-query'
import { api, take } from '@/api/client'
import { Problem } from '@/api/problem'
import { keys, queryClient } from '@/api/queries'
import type { Reservation } from './seats'
import { minute, toAddress, type Span } from './spans'

interface Attempt {
  name: string
  key: string
  start: number
  end: number
}

// An attempt that got no answer may have succeeded. Whoever presses again makes the same one, with the same key.
let unanswered: Attempt | undefined

function attemptFor(seatId: string, { start, end }: Span, following: boolean): Attempt {
  // "Now" moves on between two presses, and its end with it; so long the Api takes what was now for now.
  const name = following ? `${seatId} now` : `${seatId} ${start} ${end}`
  if (unanswered?.name === name && (!following || start - unanswered.start < 4 * minute)) return unanswered
  return (unanswered = { name, key: crypto.randomUUID(), start, end })
}

async function book(wish: { seatId: string; span: Span; following: boolean }): Promise<Reservation> {
  const { key, start, end } = attemptFor(wish.seatId, wish.span, wish.following)
  try {
    const booked = await take(
      api.POST('/api/reservations', {
        params: { header: { 'Idempotency-Key': key } },
        body: { seat_id: wish.seatId, start: toAddress(start), end: toAddress(end) },
      }),
    )
    unanswered = undefined
    return booked
  } catch (reason) {
    if (!(reason instanceof Problem) || !reason.isPassing) unanswered = undefined
    throw reason
  }
}

/** Books a seat. Whatever comes of it, what was known of the seats may be no longer true. */
export function useBooking() {
  return useMutation({
    mutationFn: book,
    onSettled: () => {
      for (const queryKey of [keys.reservations, keys.seats, keys.seatTimes]) {
        void queryClient.invalidateQueries({ queryKey })
      }
    },
  })
}
