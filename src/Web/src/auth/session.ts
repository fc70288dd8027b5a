import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { api, isProbablySignedIn, rememberSignIn, take, type Schemas } from '@/api/client'
import { keys, queryClient } from '@/api/queries'
import { Problem } from '@/api/problem'

export type Me = Schemas['UserResponse']

async function readMe(): Promise<Me | null> {
  if (!isProbablySignedIn()) return null
  try {
    return await take(api.GET('/api/user/me'))
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) return null
    throw problem
  }
}

const query = { queryKey: keys.me, queryFn: readMe, staleTime: 60_000 }

/** The account that is signed in here: undefined while that is being asked, null for nobody. */
export function useMe() {
  const { data, isPending, error, refetch } = useQuery(query)
  return { me: data, isAdmin: computed(() => data.value?.role === 'admin'), isPending, error, refetch }
}

export const fetchMe = (): Promise<Me | null> => queryClient.ensureQueryData(query)

/** After a sign-in: nothing that was read as somebody else may be shown. */
export function signedInAs(me: Me): void {
  rememberSignIn(true)
  queryClient.removeQueries()
  queryClient.setQueryData(keys.me, me)
}

export function signedOut(): void {
  rememberSignIn(false)
  queryClient.clear()
  queryClient.setQueryData(keys.me, null)
}
