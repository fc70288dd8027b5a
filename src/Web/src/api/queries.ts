import { QueryClient } from '@tanstack/vue-query'
import { Problem } from './problem'

const longestWaitMs = 10_000
const waitOf = (problem: unknown) => (problem instanceof Problem && (problem.retryAfterSeconds ?? 0) * 1000) || 0

/**
 * What is asked again only when it may help, at most twice, and not before the server wants it. Where that is long,
 * people are told at once.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // Answers are replaced, never changed: nobody has to watch each of their parts.
      shallow: true,
      networkMode: 'always',
      // Who asks always is not asked again by itself when the network is back.
      refetchOnReconnect: true,
      retry: (failures, problem) =>
        failures < 2 && problem instanceof Problem && problem.isPassing && waitOf(problem) <= longestWaitMs,
      retryDelay: (attempt, problem) => waitOf(problem) || 500 * 2 ** attempt,
    },
    mutations: { networkMode: 'always' },
  },
})

/** The names under which answers are kept. Whoever changes something names what is no longer true. */
export const keys = {
  me: ['me'] as const,
  space: ['space'] as const,
  seats: ['seats'] as const,
  seatTimes: ['seat-times'] as const,
  floor: ['floor'] as const,
  reservations: ['reservations'] as const,
  tickets: ['tickets'] as const,
  sessions: ['sessions'] as const,
  admin: ['admin'] as const,
}
