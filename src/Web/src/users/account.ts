import { api, take, type Schemas } from '@/api/client'
import { keys, queryClient } from '@/api/queries'
import type { Me } from '@/auth/session'

/** Changes one's own account, which is shown in many places. */
export async function saveAccount(body: Schemas['AccountPatch']): Promise<Me> {
  const me = await take(api.PATCH('/api/user', { body }))
  queryClient.setQueryData(keys.me, me)
  return me
}

export const readAccountAgain = () => queryClient.invalidateQueries({ queryKey: keys.me })
