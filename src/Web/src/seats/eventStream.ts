/** One event of a `text/event-stream`. */
export interface StreamEvent {
  name: string
  data: string
}

/**
 * Reads a `text/event-stream` as it comes, cut anywhere. The browser's own EventSource cannot be used: it cannot send the
 * token that stands for the cookies inside Telegram, and does not say why it was refused.
 */
export function eventReader(onEvent: (event: StreamEvent) => void, onRetry: (milliseconds: number) => void = () => {}) {
  let rest = ''
  let name = ''
  let data: string[] = []
  let isFirst = true

  function line(text: string) {
    if (text === '') {
      if (data.length > 0) onEvent({ name: name || 'message', data: data.join('\n') })
      name = ''
      data = []
      return
    }

    const colon = text.indexOf(':')
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') name = value
    else if (field === 'data') data.push(value)
    else if (field === 'retry' && /^\d+$/.test(value)) onRetry(Number(value))
  }

  return (chunk: string) => {
    rest += chunk
    if (isFirst && rest) {
      rest = rest.replace(/^\uFEFF/, '')
      isFirst = false
    }
    // A carriage return at the very end may be the first half of a line's end.
    const parts = rest.split(/\r\n|\n|\r(?!$)/)
    rest = parts.pop() ?? ''
    parts.forEach(line)
  }
}
