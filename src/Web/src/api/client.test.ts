import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  api,
  authorizedFetch,
  credentials,
  isProbablySignedIn,
  keepTokens,
  onSignInElsewhere,
  Problem,
  rememberSignIn,
  take,
  type Schemas,
} from './client'

type Answerer = (request: Request) => Response | Promise<Response>

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })
const refused = () => json(401, { status: 401, code: 'not_signed_in', detail: 'Sign in first.' })
const tokens = (number: number) =>
  ({ access_token: `access ${number}`, refresh_token: `refresh ${number}` }) as Schemas['TokenResponse']

let sent: Request[]
function serve(answer: Answerer): void {
  sent = []
  vi.stubGlobal('fetch', async (request: Request, options?: RequestInit) => {
    sent.push(request)
    options?.signal?.throwIfAborted()
    return await Promise.race([
      Promise.resolve(answer(request)),
      new Promise<never>((_, reject) =>
        options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error)),
      ),
    ])
  })
}
const paths = () => sent.map(({ url }) => new URL(url).pathname)
const readMe = () => take(api.GET('/api/user/me'))

beforeEach(() => {
  vi.restoreAllMocks()
  localStorage.clear()
  rememberSignIn(false)
  credentials.language = 'ru'
  credentials.onSignedOut = vi.fn()
})

describe('an expired sign-in', () => {
  it('is renewed once, silently, however many requests are in flight', async () => {
    rememberSignIn(true)
    let renewed = false
    serve(async (request) => {
      if (request.url.endsWith('/auth/refresh')) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        renewed = true
        return json(200, tokens(2))
      }
      return renewed ? json(200, { id: 'me' }) : refused()
    })

    const answers = await Promise.all(Array.from({ length: 10 }, readMe))

    expect(answers).toHaveLength(10)
    expect(answers.every(({ id }) => id === 'me')).toBe(true)
    expect(paths().filter((path) => path === '/api/auth/refresh')).toHaveLength(1)
    expect(paths().filter((path) => path === '/api/user/me')).toHaveLength(20)
    expect(credentials.onSignedOut).not.toHaveBeenCalled()
  })

  it('is renewed once, also where a refusal comes late', async () => {
    rememberSignIn(true)
    let renewed = false
    let refuseLate = () => {}
    const isLate = new Promise<void>((resolve) => (refuseLate = resolve))
    serve(async (request) => {
      if (request.url.endsWith('/auth/refresh')) return ((renewed = true), json(200, tokens(2)))
      if (renewed) return json(200, { id: 'me' })
      if (sent.length === 1) await isLate
      return refused()
    })

    const late = readMe()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await readMe()
    refuseLate()

    expect(await late).toEqual({ id: 'me' })
    expect(paths().filter((path) => path === '/api/auth/refresh')).toHaveLength(1)
  })

  it('that another tab has renewed meanwhile is not renewed again', async () => {
    rememberSignIn(true)
    const began = Date.now()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(began)
    serve(() => {
      if (sent.length > 1) return json(200, { id: 'me' })
      localStorage.setItem('bookit.renewed', String(began + 10))
      clock.mockReturnValue(began + 20)
      return refused()
    })

    await readMe()

    expect(paths()).toEqual(['/api/user/me', '/api/user/me'])
  })

  it('sends what was to be sent once more, unchanged', async () => {
    rememberSignIn(true)
    let renewed = false
    const bodies: string[] = []
    serve(async (request) => {
      if (request.url.endsWith('/auth/refresh')) return ((renewed = true), json(200, tokens(2)))
      bodies.push(await request.clone().text())
      return renewed ? json(200, { id: 'me' }) : refused()
    })

    await take(api.PATCH('/api/user', { body: { first_name: 'Ая' } }))

    expect(bodies).toEqual(['{"first_name":"Ая"}', '{"first_name":"Ая"}'])
  })

  it('that cannot be renewed ends here, and is told once', async () => {
    rememberSignIn(true)
    serve(refused)

    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, readMe))

    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect((outcomes[0] as PromiseRejectedResult).reason).toMatchObject({ status: 401, code: 'not_signed_in' })
    expect(isProbablySignedIn()).toBe(false)
    expect(credentials.onSignedOut).toHaveBeenCalledTimes(1)
    sent = []
    await expect(readMe()).rejects.toMatchObject({ status: 401 })
    expect(paths()).toEqual(['/api/user/me'])
  })

  it('stays where the server is only out of breath', async () => {
    rememberSignIn(true)
    serve((request) =>
      request.url.endsWith('/auth/refresh')
        ? json(503, { status: 503, code: 'service_unavailable', detail: '' }, { 'Retry-After': '3' })
        : refused(),
    )

    await expect(readMe()).rejects.toMatchObject({ status: 503, retryAfterSeconds: 3 })
    expect(isProbablySignedIn()).toBe(true)
    expect(credentials.onSignedOut).not.toHaveBeenCalled()
  })

  it('is renewed for signing out, and not for a wrong password', async () => {
    rememberSignIn(true)
    serve((request) => (request.url.endsWith('/auth/refresh') ? json(200, tokens(2)) : refused()))

    await expect(take(api.POST('/api/auth/logout'))).rejects.toBeInstanceOf(Problem)
    expect(paths()).toEqual(['/api/auth/logout', '/api/auth/refresh', '/api/auth/logout'])
    sent = []
    await expect(take(api.POST('/api/auth/login', { body: { email: 'a', password: 'b' } }))).rejects.toThrow()
    expect(paths()).toEqual(['/api/auth/login'])
  })

  it('without cookies is renewed by the token in memory', async () => {
    keepTokens(tokens(1))
    const seen: (string | null)[] = []
    serve(async (request) => {
      if (request.url.endsWith('/auth/refresh')) {
        expect(await request.json()).toEqual({ refresh_token: 'refresh 1' })
        return json(200, tokens(2))
      }
      seen.push(request.headers.get('Authorization'))
      return seen.length === 1 ? refused() : json(200, { id: 'me' })
    })

    await readMe()

    expect(seen).toEqual(['Bearer access 1', 'Bearer access 2'])
    expect(localStorage.getItem('bookit.signed_in')).toBeNull()
  })
})

describe('a server that does not answer', () => {
  it('in time is a problem to tell, not an endless wait', async () => {
    const timeout = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(timeout.signal)
    serve(() => new Promise<Response>(() => {}))
    const answer = readMe()
    timeout.abort(new DOMException('', 'TimeoutError'))
    await expect(answer).rejects.toMatchObject({ status: 0, code: 'timeout', isPassing: true })
  })

  it('at all neither', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    await expect(readMe()).rejects.toMatchObject({ status: 0, code: 'offline', isUnreachable: true })
  })

  it('is not what whoever has stopped waiting is told', async () => {
    const given = new AbortController()
    serve(() => new Promise<Response>(() => {}))
    const answer = authorizedFetch(new Request('http://localhost/api/user/me', { signal: given.signal }))
    given.abort()
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('an answer', () => {
  it('is asked for in the language of the page', async () => {
    credentials.language = 'en'
    serve(() => json(200, {}))
    await readMe()
    expect(sent[0]?.headers.get('Accept-Language')).toBe('en')
  })

  it('that is a refusal says which fields are wrong', async () => {
    serve(() =>
      json(400, {
        status: 400,
        code: 'validation_failed',
        detail: 'Check the fields.',
        errors: { email: ['Fill it.'] },
      }),
    )
    await expect(readMe()).rejects.toMatchObject({ message: 'Check the fields.', fields: { email: ['Fill it.'] } })
  })

  it('that is no JSON is still a problem with a status', async () => {
    serve(() => new Response('<h1>Bad gateway</h1>', { status: 502 }))
    await expect(readMe()).rejects.toMatchObject({ status: 502, code: 'http_502', isPassing: true })
  })
})

describe('other tabs', () => {
  it('tell of signing out, and of who signs in', () => {
    const heard = vi.fn()
    onSignInElsewhere(heard)
    const say = (key: string | null, newValue: string | null) =>
      window.dispatchEvent(new StorageEvent('storage', { key, newValue }))
    say('bookit.theme', 'dark')
    say('bookit.signed_in', null)
    say('bookit.signed_in', 'somebody')
    say(null, null)
    expect(heard.mock.calls).toEqual([[undefined], ['somebody'], [undefined]])
  })
})
