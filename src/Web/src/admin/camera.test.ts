import { describe, expect, it } from 'vitest'
import { faultOf } from './camera'

describe('why a camera shows nothing', () => {
  it.each([
    ['NotAllowedError', 'denied'],
    ['SecurityError', 'denied'],
    ['NotFoundError', 'none'],
    ['OverconstrainedError', 'none'],
    ['NotReadableError', 'busy'],
    ['AbortError', 'busy'],
  ])('%s: %s', (name, fault) => expect(faultOf(new DOMException('', name))).toBe(fault))

  it('takes whatever else is thrown for one that is in use', () => expect(faultOf('no')).toBe('busy'))
})
