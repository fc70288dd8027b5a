import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { api, take, takePage, type Schemas } from '@/api/client'
import { Problem } from '@/api/problem'
import { keys, queryClient } from '@/api/queries'
import { useLive } from '@/seats/live'
import { isLive, type Booking } from './rules'

const pageSize = 20

/**
 * One's own bookings: those that matter still, the nearest first, and those that are past. The list comes newest first
 * by when they were made, so the next live one is asked for as well, however long ago that was.
 */
export function useBookings(present: Ref<number>) {
  useLive()
  const pages = useInfiniteQuery({
    queryKey: [...keys.reservations, 'mine'],
    queryFn: ({ pageParam }) =>
      takePage(api.GET('/api/reservations', { params: { query: { limit: pageSize, offset: pageParam } } })),
    initialPageParam: 0,
    getNextPageParam: (last, all) => {
      const read = all.reduce((sum, { items }) => sum + items.length, 0)
      return last.items.length > 0 && read < last.total ? read : undefined
    },
    refetchInterval: 30_000,
  })
  const next = useQuery({ queryKey: [...keys.reservations, 'next'], queryFn: readNext, refetchInterval: 30_000 })

  // A booking made meanwhile moves the others to the next page, where one comes once more.
  const all = computed(() => {
    const read = [
      ...(next.data.value ? [next.data.value] : []),
      ...(pages.data.value?.pages ?? []).flatMap((p) => p.items),
    ]
    return [...new Map(read.map((booking) => [booking.id, booking])).values()]
  })
  const byStart = (one: Booking, other: Booking) => Date.parse(one.start) - Date.parse(other.start)
  return {
    live: computed(() => all.value.filter((booking) => isLive(booking, present.value)).sort(byStart)),
    past: computed(() =>
      all.value.filter((booking) => !isLive(booking, present.value)).sort((one, other) => byStart(other, one)),
    ),
    pages,
  }
}

/** The next live booking, or null. */
export async function readNext(): Promise<Booking | null> {
  try {
    return await take(api.GET('/api/reservations/active'))
  } catch (problem) {
    if (problem instanceof Problem && problem.code === 'no_active_reservation') return null
    throw problem
  }
}

/** What a booking does not say of its own seat: the zone. Null: it is in none; undefined: that is not known yet. */
export function useZones() {
  const { data } = useQuery({
    queryKey: [...keys.seats, 'all'],
    queryFn: () => take(api.GET('/api/seat')),
    staleTime: 300_000,
  })
  const zones = computed(() => data.value && new Map(data.value.map(({ id, zone }) => [id, zone])))
  return (seatId: string): string | null | undefined => zones.value && (zones.value.get(seatId) ?? null)
}

/** Changes a booking. Whatever comes of it, what was read before may be wrong afterwards. */
export function useBookingChange() {
  return useMutation({
    mutationFn: ({ id, ...body }: Schemas['ReservationPatch'] & { id: string }) =>
      take(api.PATCH('/api/reservations/{id}', { params: { path: { id } }, body })),
    onSettled: () =>
      Promise.all(
        [keys.reservations, keys.seats, keys.seatTimes].map((queryKey) => queryClient.invalidateQueries({ queryKey })),
      ),
  })
}
