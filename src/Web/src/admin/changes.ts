import { keys, queryClient } from '@/api/queries'

/** After something was done at the desk: what any list says may no longer be true. */
export async function deskChanged(): Promise<void> {
  const untrue = [keys.admin, keys.seats, keys.seatTimes, keys.reservations, keys.tickets]
  await Promise.all(untrue.map((queryKey) => queryClient.invalidateQueries({ queryKey })))
}
