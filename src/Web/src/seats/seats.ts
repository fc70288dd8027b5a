import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { api, take, type Schemas } from '@/api/client'
import { keys, queryClient } from '@/api/queries'
import { useMe } from '@/auth/session'
import { useLater } from '@/ui/later'
import type { Held } from './day'
import { useLive } from './live'
import { hour, sameSpan, toAddress, type Span } from './spans'

export type Seat = Schemas['SeatResponse']
export type Reservation = Schemas['ReservationResponse']

const addressOf = ({ start, end }: Span) => ({ start: toAddress(start), end: toAddress(end) })
const pollMs = 15_000

/** What something was last; also while, and where, its next answer is not to be had. */
const lastOf = <T>(data: Ref<T | undefined>) => computed<T | undefined>((before) => data.value ?? before)

/**
 * All seats, and which are free for a window of time, kept right while one looks. Where a new window cannot be read, what
 * is known of the seats stays: `isOther` says that it is of another window, `isOld` that nothing newer is to be had.
 */
export function useSeats(span: MaybeRefOrGetter<Span>) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const live = useLive(span, (change) => {
    for (const id of [...(change?.busy ?? []), ...(change?.free ?? [])]) {
      void queryClient.invalidateQueries({ queryKey: [...keys.seatTimes, id] })
    }
    if (!change) return
    // The times of all seats are much to read: not all at once with everybody else, and not with each change.
    timer ??= setTimeout(
      () => {
        timer = undefined
        void queryClient.invalidateQueries({ queryKey: [...keys.seatTimes, 'all'] })
      },
      1_000 + Math.random() * 3_000,
    )
  })
  onScopeDispose(() => clearTimeout(timer))

  const { data, error, isFetching, refetch } = useQuery({
    enabled: useLater(),
    queryKey: computed(() => [...keys.seats, toValue(span)] as const),
    queryFn: ({ queryKey: [, wanted], signal }) =>
      take(api.GET('/api/seat', { params: { query: addressOf(wanted) }, signal })),
    refetchInterval: () => (live.state.value === 'live' ? false : pollMs),
  })

  // The list does not say of which version it is; one that was read before this one was told is read again.
  watch(live.version, (_, before) => {
    if (before !== undefined) void queryClient.invalidateQueries({ queryKey: keys.seats })
  })
  // What was missed between the last word and the next look; and until one hears again.
  let hasBroken = false
  watch(live.state, (state, before) => {
    if (before === 'live' && state !== 'live') {
      hasBroken = true
      void refetch()
    } else if (state === 'live' && hasBroken) {
      void queryClient.invalidateQueries({ queryKey: keys.seatTimes })
    }
  })

  const known = lastOf(data)
  const isOther = computed(() => !data.value && known.value !== undefined)
  const heard = computed(() => {
    const busy = live.busy.value
    // While another window is on its way, what was heard belongs to what is still shown.
    return busy?.span && (isOther.value || sameSpan(busy.span, toValue(span))) ? busy.ids : undefined
  })
  const isOld = computed(() => isOther.value && (!heard.value || error.value !== null))
  const seats = computed(() => {
    const busy = heard.value
    return busy ? known.value?.map((seat) => ({ ...seat, is_available: !busy.has(seat.id) })) : known.value
  })
  return { seats, error, isFetching, isOther, isOld, refetch, live: live.state }
}

/** How far beyond a wish is looked to say until when a seat stays free. */
export const horizonOf = ({ start, end }: Span): number => Math.max(end + 2 * hour, start + 12 * hour)

const toHeld = ({ start, end, mine }: Schemas['HeldTimeResponse']): Held => ({
  start: Date.parse(start),
  end: Date.parse(end),
  mine,
})

/** When all seats are held from the beginning of a wish on, by their ids; those that nobody holds are not in it. */
export function useAllTimes(span: MaybeRefOrGetter<Span>) {
  const { data } = useQuery({
    enabled: useLater(),
    queryKey: computed(() => [...keys.seatTimes, 'all', toValue(span)] as const),
    queryFn: async ({ queryKey: [, , wanted], signal }) => {
      const query = addressOf({ start: wanted.start, end: horizonOf(wanted) })
      const times = await take(api.GET('/api/seat/times', { params: { query }, signal }))
      return { span: wanted, held: new Map(times.map(({ seat_id, held }) => [seat_id, held.map(toHeld)])) }
    },
  })
  return lastOf(data)
}

/** When one seat is held. */
export function useSeatTimes(seatId: MaybeRefOrGetter<string>, span: MaybeRefOrGetter<Span>, enabled = () => true) {
  return useQuery({
    queryKey: computed(() => [...keys.seatTimes, toValue(seatId), toValue(span)] as const),
    queryFn: async ({ queryKey: [, id, wanted], signal }) => {
      const query = { ...addressOf(wanted), seat_id: id }
      const [times] = await take(api.GET('/api/seat/times', { params: { query }, signal }))
      return times?.held.map(toHeld) ?? []
    },
    enabled,
    placeholderData: (before, query) => (query?.queryKey[1] === toValue(seatId) ? before : undefined),
  })
}

/**
 * The free seats nearest to one, which may be taken, or gone. While "now" moves on and the next answer is not to be had,
 * those of the last one.
 */
export function useNearest(
  seatId: MaybeRefOrGetter<string>,
  span: MaybeRefOrGetter<Span>,
  following: () => boolean,
  enabled: () => boolean,
) {
  const { data } = useQuery({
    queryKey: computed(() => [...keys.seats, 'nearest', toValue(seatId), toValue(span)] as const),
    queryFn: async ({ queryKey: [, , id, wanted], signal }) => {
      const query = { ...addressOf(wanted), limit: 4 }
      return { id, seats: await take(api.GET('/api/seat/{id}/nearest', { params: { path: { id }, query }, signal })) }
    },
    enabled,
  })
  const known = lastOf(data)
  return computed(() => {
    const last = known.value
    const counts = last === data.value || (following() && last?.id === toValue(seatId))
    return (counts && last?.seats) || []
  })
}

/** The picture beneath the seats, where the space has one. */
export function useFloor() {
  const { data } = useQuery({
    enabled: useLater(),
    queryKey: keys.floor,
    queryFn: async () => {
      const floor = await take(api.GET('/api/floor'))
      // On its way while the map is being drawn.
      if (floor.plan) new Image().src = floor.plan.url
      return floor
    },
    staleTime: 300_000,
  })
  return computed(() => data.value?.plan ?? undefined)
}

/** The reservations of whoever is signed in that are still to be or going on; undefined while that is not known. */
export function useLiveReservations(present: MaybeRefOrGetter<number>) {
  const { me } = useMe()
  const { data } = useQuery({
    queryKey: [...keys.reservations, 'live'],
    queryFn: ({ signal }) => take(api.GET('/api/reservations', { signal })),
    enabled: () => Boolean(me.value),
  })
  return computed(() => {
    if (!me.value) return me.value === null ? [] : undefined
    return data.value?.filter(
      ({ status, end }) => (status === 'future' || status === 'active') && Date.parse(end) > toValue(present),
    )
  })
}
