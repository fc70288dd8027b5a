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
  /** Whether the tokens are kept here, as there will be no cookies. */
  inMemory: boolean
  tokens: { access: string; refresh: string } | undefined
  language: string
  onSignedOut: () => void
} = { inMemory: false, tokens: undefined, language: 'ru', onSignedOut: () => {} }

const bringTokens = new Set(['/api/auth/login', '/api/auth/register', '/api/auth/refresh', '/api/telegram/webapp'])

export const keepTokens = (answer: Schemas['TokenResponse']): void => {
  credentials.tokens = { access: answer.access_token, refresh: answer.refresh_token }
}

// Whether to ask at all: without a sign-in on this device every page would begin with two refusals. Holds whose it is,
// where that is known, which the other tabs hear when it changes.
const memory = 'bookit.signed_in'

export const isProbablySignedIn = (): boolean =>
  credentials.tokens !== undefined || localStorage.getItem(memory) !== null

export function rememberSignIn(signedIn: boolean, userId = '1'): void {
  if (signedIn && !credentials.tokens) localStorage.setItem(memory, userId)
  else localStorage.removeItem(memory)
  if (!signedIn) credentials.tokens = undefined
}

/** Tells who has signed in in another tab of this browser, and of nobody when it has signed out. */
export function onSignInElsewhere(tell: (userId: string | undefined) => void): void {
  window.addEventListener('storage', ({ key, newValue }) => {
    // Tokens are this tab's own. No key: all was cleared.
    if ((key === memory || key === null) && !credentials.tokens) tell(newValue ?? undefined)
  })
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
    if ((credentials.inMemory || credentials.tokens) && response.ok && bringTokens.has(new URL(request.url).pathname))
      keepTokens((await response.clone().json()) as Schemas['TokenResponse'])
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
function refresh(sentAt: number): Promise<boolean> {
  refreshing ??= alone(() => refreshOnce(sentAt)).finally(() => (refreshing = undefined))
  return refreshing
}

const lock = 'bookit.refresh'
const lockMs = 5_000

/** One tab at a time. Without locks, as over plain HTTP, or where a tab fell asleep over one, the Api bears two as well. */
async function alone(work: () => Promise<boolean>): Promise<boolean> {
  if (credentials.tokens || !('locks' in navigator)) return await work()
  try {
    return await navigator.locks.request(lock, { signal: AbortSignal.timeout(lockMs) }, work)
  } catch (reason) {
    if (reason instanceof Problem) throw reason
    return await work()
  }
}

// When new tokens came last, to this tab or to another: a request that was sent before that had the old ones.
const renewal = 'bookit.renewed'
let renewedAt = 0

function wasRenewedSince(sentAt: number): boolean {
  const last = credentials.tokens ? renewedAt : Number(localStorage.getItem(renewal))
  // A clock that was set back would make it last for hours.
  return last > sentAt && last <= Date.now()
}

function rememberRenewal() {
  renewedAt = Date.now()
  if (!credentials.tokens) localStorage.setItem(renewal, String(renewedAt))
}

async function refreshOnce(sentAt: number): Promise<boolean> {
  if (wasRenewedSince(sentAt)) return true
  const response = await send(
    new Request(new URL('/api/auth/refresh', location.origin), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(credentials.tokens ? { refresh_token: credentials.tokens.refresh } : {}),
    }),
  )
  if (response.ok) {
    rememberRenewal()
    return true
  }
  if (response.status === 401) return false
  throw problemOf(response, await response.json().catch(() => undefined))
}

/** The Api's own door: signed in, in the person's language, with one silent refresh of an expired sign-in. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone()
  const sentAt = Date.now()
  const response = await send(request)
  // What leads in is refused for other reasons; whoever goes away may need new tokens for that.
  const { pathname } = new URL(request.url)
  const mayRefresh = isProbablySignedIn() && (!pathname.startsWith('/api/auth/') || pathname === '/api/auth/logout')
  if (response.status !== 401 || !mayRefresh) return response
  if (await refresh(sentAt)) return await send(again)
  // Of all that waited for it, one tells.
  if (isProbablySignedIn()) {
    rememberSignIn(false)
    credentials.onSignedOut()
  }
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
