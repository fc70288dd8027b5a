import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StreamEvent } from './eventStream'
import { listen, type LiveState } from './live'

const encoder = new TextEncoder()

/** A server whose answers come one after another; the last one stays. */
function server(...answers: ((signal: AbortSignal) => Response | Promise<Response>)[]) {
  const stop = new AbortController()
  const opened: number[] = []
  const events: StreamEvent[] = []
  const states: LiveState[] = []
  const done = listen({
    open: async (signal) => {
      const answer = answers[Math.min(opened.length, answers.length - 1)]
      opened.push(Date.now())
      return (answer as (typeof answers)[number])(signal)
    },
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
    signal: stop.signal,
    random: () => 1,
  })
  return { stop, opened, events, states, done }
}

const stream =
  (text: string, ends = false) =>
  (signal: AbortSignal) =>
    new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(encoder.encode(text))
          if (ends) controller.close()
          else signal.addEventListener('abort', () => controller.error(new Error('aborted')))
        },
      }),
    )
const refused =
  (status: number, headers = {}) =>
  () =>
    new Response('{}', { status, headers })
const seats = 'event: seats\ndata: {}\n\n'

describe('listening', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('hears what is said', async () => {
    const { events, states, stop, done } = server(stream(seats))
    await vi.advanceTimersByTimeAsync(10)
    expect(events).toEqual([{ name: 'seats', data: '{}' }])
    expect(states).toEqual(['live'])
    stop.abort()
    await done
  })

  it('comes back after an end, as soon as the stream wants it', async () => {
    const { opened, events, stop } = server(stream(`retry: 3000\n\n${seats}`, true))
    await vi.advanceTimersByTimeAsync(3_100)
    expect(opened).toEqual([0, 3_000])
    expect(events).toHaveLength(2)
    stop.abort()
  })

  it('waits longer each time nobody answers, and says that it hears nothing', async () => {
    const { opened, states, stop } = server(refused(500))
    await vi.advanceTimersByTimeAsync(200_000)
    expect(opened.slice(0, 6)).toEqual([0, 2_000, 6_000, 14_000, 30_000, 62_000])
    expect(opened.slice(6, 8)).toEqual([122_000, 182_000])
    expect(states.slice(0, 2)).toEqual(['connecting', 'away'])
    stop.abort()
  })

  it('waits as long as it is told', async () => {
    const { opened, stop } = server(refused(429, { 'Retry-After': '7' }), stream(seats))
    await vi.advanceTimersByTimeAsync(7_100)
    expect(opened).toEqual([0, 7_000])
    stop.abort()
  })

  it('comes back at once with the network', async () => {
    const { opened, stop } = server(refused(500))
    await vi.advanceTimersByTimeAsync(31_000)
    const before = opened.length
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(1)
    expect(opened).toHaveLength(before + 1)
    stop.abort()
  })

  it('gives up a line on which it is silent for too long', async () => {
    const { opened, stop } = server(stream(seats))
    await vi.advanceTimersByTimeAsync(39_000)
    expect(opened).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(opened).toHaveLength(2)
    stop.abort()
  })

  it('gives up an answer that does not come', async () => {
    const never = (signal: AbortSignal) =>
      new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    const { opened, stop } = server(never)
    await vi.advanceTimersByTimeAsync(17_100)
    expect(opened).toHaveLength(2)
    stop.abort()
  })

  it('takes a stream that ends at once for a failure', async () => {
    const { opened, stop } = server(stream('', true))
    await vi.advanceTimersByTimeAsync(30_000)
    expect(opened).toEqual([0, 2_000, 6_000, 14_000, 30_000])
    stop.abort()
  })

  it('stops when it is told to, also while it waits', async () => {
    const { opened, stop, done } = server(refused(500))
    await vi.advanceTimersByTimeAsync(10)
    stop.abort()
    await done
    expect(opened).toHaveLength(1)
  })
})
