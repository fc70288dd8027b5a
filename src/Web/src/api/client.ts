import createClient from 'openapi-fetch'
import { now, tellTime } from './clock'
import { Problem, problemOf, unreachable } from './problem'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

const timeoutMs = 20_000

/**
 * Who is signed in here. In a browser two cookies say so, which scripts cannot read. Inside Telegram, where another
 * site's frame gets no cookies, the tokens are kept in memory.
 */
export const credentials: {
  tokens: { access: string; refresh: string } | undefined
  language: string
  onSignedOut: () => void
} = { tokens: undefined, language: 'ru', onSignedOut: () => {} }

export const keepTokens = (answer: Schemas['TokenResponse']): void => {
  credentials.tokens = { access: answer.access_token, refresh: answer.refresh_token }
}

// Whether to ask at all: without a sign-in on this device every page would begin with two refusals.
const memory = 'bookit.signed_in'

export const isProbablySignedIn = (): boolean =>
  credentials.tokens !== undefined || localStorage.getItem(memory) === '1'

export function rememberSignIn(signedIn: boolean): void {
  if (signedIn && !credentials.tokens) localStorage.setItem(memory, '1')
  else localStorage.removeItem(memory)
  if (!signedIn) credentials.tokens = undefined
}

async function send(request: Request): Promise<Response> {
  request.headers.set('Accept-Language', credentials.language)
  if (credentials.tokens) request.headers.set('Authorization', `Bearer ${credentials.tokens.access}`)
  const sentAt = Date.now()
  // An upload on a bad line may take its time, and shows that it goes on; a stream of events is meant to last.
  const mayLast = (request.body instanceof ReadableStream && !isJson(request)) || isStream(request)
  const limit = mayLast ? undefined : AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(request, limit ? { signal: AbortSignal.any([limit, request.signal]) } : {})
    // What the browser may have kept tells the time at which it was kept.
    if (!response.headers.get('Cache-Control')?.includes('max-age')) {
      tellTime(response.headers.get('Date'), sentAt, Date.now())
    }
    return response
  } catch (reason) {
    if (request.signal.aborted) throw reason
    throw unreachable(limit?.aborted ? 'timeout' : 'offline')
  }
}

const isJson = (request: Request) => request.headers.get('Content-Type')?.startsWith('application/json') ?? false
const isStream = (request: Request) => request.headers.get('Accept') === 'text/event-stream'

let refreshing: Promise<boolean> | undefined

/** New tokens for old; however many ask at the same time, in however many tabs, it is done once. */
function refresh(): Promise<boolean> {
  refreshing ??= refreshOnce().finally(() => (refreshing = undefined))
  return refreshing
}

async function refreshOnce(): Promise<boolean> {
  const response = await send(
    new Request(new URL('/api/auth/refresh', location.origin), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(credentials.tokens ? { refresh_token: credentials.tokens.refresh } : {}),
    }),
  )
  if (response.ok) {
    const answer = (await response.json()) as Schemas['TokenResponse']
    if (credentials.tokens) keepTokens(answer)
    return true
  }

  if (response.status === 401) return false
  throw problemOf(response, await response.json().catch(() => undefined))
}

/** The Api's own door: signed in, in the person's language, with one silent refresh of an expired sign-in. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone()
  const response = await send(request)
  const mayRefresh = isProbablySignedIn() && !new URL(request.url).pathname.startsWith('/api/auth/')
  if (response.status !== 401 || !mayRefresh) return response
  if (await refresh()) return await send(again)
  rememberSignIn(false)
  credentials.onSignedOut()
  return response
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: authorizedFetch })

type Answer<T> = { data?: T; error?: unknown; response: Response }

/** The answer's body, or a {@link Problem} thrown. */
export async function take<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await takeWithResponse(answer)).data
}

/** The same, with the total that a list's header tells. */
export async function takePage<T>(answer: Promise<Answer<T[]>>): Promise<{ items: T[]; total: number }> {
  const { data, response } = await takeWithResponse(answer)
  return { items: data, total: Number(response.headers.get('X-Total-Count') ?? data.length) }
}

async function takeWithResponse<T>(answer: Promise<Answer<T>>): Promise<{ data: T; response: Response }> {
  const { data, error, response } = await answer
  if (!response.ok) throw problemOf(response, error)
  return { data: data as T, response }
}

export { now, Problem }
