import { QueryClient } from '@tanstack/vue-query'
import { Problem } from './problem'

/** What is asked again only when it may help, at most twice, and not before the server wants it. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      networkMode: 'always',
      retry: (failures, problem) => failures < 2 && problem instanceof Problem && problem.isPassing,
      retryDelay: (attempt, problem) =>
        Math.min(
          problem instanceof Problem && problem.retryAfterSeconds
            ? problem.retryAfterSeconds * 1000
            : 500 * 2 ** attempt,
          10_000,
        ),
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
