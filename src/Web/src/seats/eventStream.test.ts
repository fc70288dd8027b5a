import { describe, expect, it } from 'vitest'
import { eventReader, type StreamEvent } from './eventStream'

function read(...chunks: string[]) {
  const events: StreamEvent[] = []
  const retries: number[] = []
  const push = eventReader(
    (event) => events.push(event),
    (milliseconds) => retries.push(milliseconds),
  )
  chunks.forEach(push)
  return { events, retries }
}

const text = 'retry: 2000\n\nevent: seats\ndata: {"version":1}\n\n: still here\n\nevent: mine\ndata: {}\n\n'
const wanted = [
  { name: 'seats', data: '{"version":1}' },
  { name: 'mine', data: '{}' },
]

describe('a stream of events', () => {
  it('is read, with what it says of coming back', () => expect(read(text)).toEqual({ events: wanted, retries: [2000] }))

  it('is read wherever it is cut', () => {
    for (let cut = 0; cut <= text.length; cut++) {
      expect(read(text.slice(0, cut), text.slice(cut)).events, String(cut)).toEqual(wanted)
    }
    expect(read(...text).events).toEqual(wanted)
  })

  it.each(['\r\n', '\r'])('may end its lines with %j', (end) => {
    const { events } = read(...(text + ': x\n').replaceAll('\n', end))
    expect(events).toEqual(wanted)
  })

  it('joins lines of data, and takes a missing name for a message', () =>
    expect(read('\uFEFFdata:a\ndata: b\n\ndata\n\n').events).toEqual([
      { name: 'message', data: 'a\nb' },
      { name: 'message', data: '' },
    ]))

  it('holds back what has not ended, and what has no data', () =>
    expect(read('event: seats\n\nevent: mine\ndata: {}\n').events).toEqual([]))
})
