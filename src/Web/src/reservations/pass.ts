import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'
import { api, authorizedFetch, now, take } from '@/api/client'
import { Problem, problemOf } from '@/api/problem'
import { keys } from '@/api/queries'
import { useLive } from '@/seats/live'
import { readNext, useZones } from './bookings'
import { forgetPass, keepPass, readKeptPass } from './keptPass'
import { isLive, type Booking } from './rules'

// While nothing is heard of it, whether somebody was checked in is asked again and again.
const lookEveryMs = 5_000

/** The pass of a booking, or of the next live one; where the Api cannot be reached, what was kept of it. */
export function usePass(id: Ref<string | undefined>) {
  const kept = ref(readKeptPass(id.value))
  // Tells when something happened to one's own bookings, which are then read again.
  const live = useLive()
  const read = useQuery({
    queryKey: computed(() => [...keys.reservations, 'pass', id.value ?? 'next']),
    queryFn: async () => ({ booking: await readBooking(id.value), at: now() }),
    refetchInterval: computed(() => (live.state.value === 'live' ? 30_000 : lookEveryMs)),
    refetchOnWindowFocus: 'always',
  })
  const booking = computed<Booking | null | undefined>(
    () => read.data.value?.booking ?? (hasAnswered() ? null : kept.value?.reservation),
  )
  const hasAnswered = () => read.data.value !== undefined || (read.error.value as Problem | null)?.isPassing === false

  const zoneOf = useZones()
  const zone = computed(() => {
    if (!booking.value) return null
    const { seat_id } = booking.value
    const known = zoneOf(seat_id)
    return known === undefined && kept.value?.reservation.seat_id === seat_id ? kept.value.zone : known
  })

  const isShowable = computed(() => !!booking.value && isLive(booking.value, now()))
  const code = useQuery({
    queryKey: computed(() => [...keys.reservations, 'code', booking.value?.id]),
    queryFn: () => readCode(booking.value?.id ?? ''),
    enabled: isShowable,
    staleTime: Infinity,
  })
  const svg = computed(() => {
    if (!isShowable.value) return undefined
    return code.data.value ?? (kept.value?.reservation.id === booking.value?.id ? kept.value?.svg : undefined)
  })

  watch(
    [() => read.data.value, () => code.data.value, zone],
    ([answer, codeSvg]) => {
      if (answer?.booking && isLive(answer.booking, now()) && codeSvg)
        keepPass({ reservation: answer.booking, zone: zone.value ?? null, svg: codeSvg, keptAt: answer.at })
      else if (answer && kept.value && (answer.booking === null || answer.booking.id === kept.value.reservation.id))
        forgetPass()
    },
    { immediate: true },
  )

  return {
    booking,
    zone,
    /** It was shown before, and is shown at once. */
    isKept: computed(() => booking.value !== undefined && kept.value?.reservation.id === booking.value?.id),
    picture: useObjectUrl(svg),
    error: read.error,
    codeError: code.error,
    isPending: read.isPending,
    isFetching: computed(() => read.isFetching.value || code.isFetching.value),
    /** Since when what is shown has not been confirmed; undefined while it is fresh. */
    staleSince: computed(() =>
      read.error.value && booking.value ? (read.data.value?.at ?? kept.value?.keptAt) : undefined,
    ),
    retry: () => Promise.all([read.refetch(), ...(isShowable.value ? [code.refetch()] : [])]),
  }
}

async function readBooking(id: string | undefined): Promise<Booking | null> {
  if (id === undefined) return await readNext()
  try {
    return await take(api.GET('/api/reservations/{id}', { params: { path: { id } } }))
  } catch (problem) {
    // A mistyped id is refused as well as one of nobody.
    if (problem instanceof Problem && [400, 403, 404].includes(problem.status)) return null
    throw problem
  }
}

async function readCode(id: string): Promise<string> {
  const response = await authorizedFetch(
    new Request(new URL(`/api/reservations/${id}/qr.svg?signed=true`, location.origin)),
  )
  if (!response.ok) throw problemOf(response, await response.json().catch(() => undefined))
  return await response.text()
}

/** As an image, a picture from elsewhere runs no scripts. */
function useObjectUrl(svg: Ref<string | undefined>) {
  const url = ref<string>()
  const release = () => {
    if (url.value) URL.revokeObjectURL(url.value)
    url.value = undefined
  }
  watch(
    svg,
    (text) => {
      release()
      if (text) url.value = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }))
    },
    { immediate: true },
  )
  onScopeDispose(release)
  return url
}
