import { useQuery } from '@tanstack/vue-query'
import { api, take, type Schemas } from '@/api/client'
import { keys, queryClient } from '@/api/queries'
import { useLive } from '@/seats/live'

export type Today = Schemas['TodayResponse']
export type Visit = Schemas['VisitResponse']

const queryKey = [...keys.admin, 'today']

/** How the day goes. Who comes in takes no other seat, of which nobody tells: so it is looked at every few seconds. */
export const useToday = () =>
  useQuery({
    queryKey,
    queryFn: () => take(api.GET('/api/admin/today')),
    staleTime: 2_000,
    refetchInterval: 5_000,
  })

/** The same as soon as somebody takes a seat or gives one back. */
export function useLiveToday() {
  useLive(undefined, (change) => change && void queryClient.invalidateQueries({ queryKey }))
  return useToday()
}

/** Those whose name, address or seat holds the text. */
export function visitsWith(visits: readonly Visit[], text: string): Visit[] {
  const wanted = text.trim().toLocaleLowerCase()
  return visits.filter(({ first_name, email, seat_name }) =>
    [first_name, email, seat_name].some((value) => value?.toLocaleLowerCase().includes(wanted)),
  )
}

/** What the top of a chart of busy seats stands for: not so much that the bars could not be told apart. */
export function chartTop(most: number, seats: number): number {
  const top = [5, 10, 20, 50, 100, 200, 500, 1000, 2000].find((step) => step >= most) ?? most
  return Math.max(1, Math.min(top, Math.max(seats, most)))
}
