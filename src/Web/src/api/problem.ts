import type { components } from './schema'

type Wire = components['schemas']['Problem']

/** Why the Api said no, in a sentence for people and a code for programs; or that it could not be asked. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  /** Sentences by the name of the field on the wire. */
  readonly fields: Readonly<Record<string, string[]>>
  readonly retryAfterSeconds: number | undefined
  readonly body: Partial<Wire>

  constructor(status: number, code: string, detail: string, body: Partial<Wire> = {}, retryAfterSeconds?: number) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.body = body
    this.fields = (body.errors as Record<string, string[]> | undefined) ?? {}
    this.retryAfterSeconds = retryAfterSeconds
  }

  /** Nobody answered: no network, no server, or not in time. */
  get isUnreachable(): boolean {
    return this.status === 0
  }

  /** Asking again may help. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export const unreachable = (code: 'offline' | 'timeout') => new Problem(0, code, code)

export function problemOf(response: Response, body: unknown): Problem {
  const wire = (typeof body === 'object' && body !== null ? body : {}) as Partial<Wire>
  const wait = Number(response.headers.get('Retry-After'))
  return new Problem(
    response.status,
    wire.code ?? `http_${response.status}`,
    wire.detail ?? '',
    wire,
    Number.isFinite(wait) && wait > 0 ? wait : undefined,
  )
}
