import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { authorizedFetch } from '@/api/client'
import { problemOf } from '@/api/problem'
import { keys, queryClient } from '@/api/queries'
import { useMe } from '@/auth/session'
import { useLater } from '@/ui/later'
import { eventReader, type StreamEvent } from './eventStream'
import { toAddress, type Span } from './spans'

/** `live`: whatever changes is heard within a second. `away`: nothing is heard; look from time to time. */
export type LiveState = 'connecting' | 'live' | 'away'

/** The Api says at least every 15 seconds that it is still there. */
const silenceMs = 40_000
const connectMs = 15_000
const longestWaitMs = 60_000

interface Listening {
  open: (signal: AbortSignal) => Promise<Response>
  onEvent: (event: StreamEvent) => void
  onState: (state: LiveState) => void
  signal: AbortSignal
  random?: () => number
}

/**
 * Listens to a stream of events until it is told to stop. One that ends or breaks is opened again: at once when the
 * network comes back, otherwise after a while that grows and is never the same for two, so that a server that comes back
 * is not run over.
 */
export async function listen({ open, onEvent, onState, signal, random = Math.random }: Listening): Promise<void> {
  let failures = 0
  let retryMs = 2_000
  while (!signal.aborted) {
    const attempt = new AbortController()
    const stop = () => attempt.abort()
    signal.addEventListener('abort', stop)
    let watchdog = setTimeout(stop, connectMs)
    let wait: number | undefined
    let heard = false
    try {
      const response = await open(attempt.signal)
      if (!response.ok || !response.body) {
        const problem = problemOf(response, undefined)
        wait = problem.retryAfterSeconds && problem.retryAfterSeconds * 1000
        void response.body?.cancel()
        throw problem
      }

      const decoder = new TextDecoder()
      const read = eventReader(
        (event) => {
          failures = 0
          heard = true
          onState('live')
          onEvent(event)
        },
        (milliseconds) => (retryMs = Math.min(Math.max(milliseconds, 500), 30_000)),
      )
      const reader = response.body.getReader()
      for (;;) {
        clearTimeout(watchdog)
        watchdog = setTimeout(stop, silenceMs)
        const { done, value } = await reader.read()
        if (done) break
        read(decoder.decode(value, { stream: true }))
      }
      if (!heard) failures++
    } catch {
      failures++
    } finally {
      clearTimeout(watchdog)
      signal.removeEventListener('abort', stop)
    }

    if (signal.aborted) return
    onState(failures > 1 ? 'away' : 'connecting')
    const longest = Math.min(retryMs * 2 ** Math.max(0, failures - 1), longestWaitMs)
    await networkOr(wait ?? longest * (0.5 + random() / 2), signal)
  }
}

/** Waits so long, or until the network is back. */
function networkOr(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      window.removeEventListener('online', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    window.addEventListener('online', done)
    signal.addEventListener('abort', done)
  })
}

interface SeatsEvent {
  version: number
  busy: string[]
}

interface ChangeEvent {
  busy: string[]
  free: string[]
}

/** The seats that are held at some moment of a window. */
export interface Busy {
  span: Span | undefined
  ids: ReadonlySet<string>
}

/**
 * What happens in the space while the page that asks is looked at: which seats are held in a window (this very moment,
 * without one), and whether something happened to one's own reservations, which are then read again.
 */
export function useLive(span?: MaybeRefOrGetter<Span | undefined>, onSeats?: (change?: ChangeEvent) => void) {
  const state = ref<LiveState>('connecting')
  const busy = shallowRef<Busy>()
  const version = ref<number>()
  const visible = ref(document.visibilityState === 'visible')
  const { me, isPending } = useMe()
  const isLater = useLater()
  let isFirst = true
  const look = () => (visible.value = document.visibilityState === 'visible')
  document.addEventListener('visibilitychange', look)
  onScopeDispose(() => document.removeEventListener('visibilitychange', look))

  // Whoever signs in or out hears of other reservations. A page in the background needs no line, of which a browser has few.
  watch(
    [
      () => toValue(span)?.start,
      () => toValue(span)?.end,
      () => me.value?.id,
      () => visible.value && !isPending.value && isLater.value,
    ] as const,
    ([start, end, , isWanted], _, onCleanup) => {
      if (!isWanted) return
      const window = start !== undefined && end !== undefined ? { start, end } : undefined
      const url = new URL('/api/seat/live', location.origin)
      if (window) {
        url.searchParams.set('start', toAddress(window.start))
        url.searchParams.set('end', toAddress(window.end))
      }

      const stop = new AbortController()
      onCleanup(() => stop.abort())
      void listen({
        open: (signal) => authorizedFetch(new Request(url, { signal, headers: { Accept: 'text/event-stream' } })),
        signal: stop.signal,
        onState: (now) => {
          if (stop.signal.aborted) return
          if (now !== 'live') isFirst = false
          // Whoever has heard nothing for a while does not hear because another window is listened to.
          if (now === state.value || (now === 'connecting' && state.value === 'away')) return
          state.value = now
          // What was heard last may no longer be true.
          if (now !== 'live') busy.value = undefined
        },
        onEvent: ({ name, data }) => {
          if (stop.signal.aborted) return
          if (name === 'seats') {
            const event = JSON.parse(data) as SeatsEvent
            busy.value = { span: window, ids: new Set(event.busy) }
            version.value = event.version
            onSeats?.()
            // While nobody listened, this may have been missed.
            if (!isFirst) void queryClient.invalidateQueries({ queryKey: keys.reservations })
            isFirst = false
          } else if (name === 'change') {
            const event = JSON.parse(data) as ChangeEvent
            const ids = new Set(busy.value?.ids)
            for (const id of event.busy) ids.add(id)
            for (const id of event.free) ids.delete(id)
            busy.value = { span: window, ids }
            onSeats?.(event)
          } else if (name === 'mine') {
            void queryClient.invalidateQueries({ queryKey: keys.reservations })
          }
        },
      })
    },
    { immediate: true },
  )

  return { state, busy, version }
}
