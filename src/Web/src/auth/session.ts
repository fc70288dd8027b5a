import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { api, isProbablySignedIn, onSignInElsewhere, rememberSignIn, take, type Schemas } from '@/api/client'
import { keys, queryClient } from '@/api/queries'
import { Problem } from '@/api/problem'
import { setLanguage } from '@/i18n'
import { forgetPass } from '@/reservations/keptPass'

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

/** After a sign-in: nothing that was read as somebody else may be shown, and the account's own language is spoken. */
export async function signedInAs(me: Me): Promise<void> {
  rememberSignIn(true, me.id)
  forgetPass()
  forgetAnswers()
  queryClient.setQueryData(keys.me, me)
  if (me.language) await setLanguage(me.language, true)
}

export function signedOut(): void {
  rememberSignIn(false)
  forgetPass()
  queryClient.setQueryData(keys.me, null)
  forgetAnswers()
}

/** All that was read as somebody else. What is on the screen stays there, empty, and is read again where it may be. */
function forgetAnswers(): void {
  const isNotMe = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== keys.me[0]
  queryClient.removeQueries({ type: 'inactive', predicate: isNotMe })
  for (const query of queryClient.getQueryCache().findAll({ predicate: isNotMe })) query.reset()
  const open: readonly string[] = [keys.space, keys.seats, keys.seatTimes, keys.floor].map(([name]) => name)
  const mayBeRead = (key: unknown) => isProbablySignedIn() || open.includes(key as string)
  void queryClient.refetchQueries({ type: 'active', predicate: (q) => isNotMe(q) && mayBeRead(q.queryKey[0]) })
}

/** Another tab of this browser has signed out, or in: the cookies are everybody's, so this one follows. */
export function watchOtherTabs(followSignOut: () => void): void {
  onSignInElsewhere((userId) => {
    const here = queryClient.getQueryData<Me | null>(keys.me)
    if (userId === undefined) {
      if (here !== null) followSignOut()
    } else if (here?.id !== userId) {
      void queryClient.resetQueries()
    }
  })
}
