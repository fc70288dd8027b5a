import { useQuery } from '@tanstack/vue-query'
import { effectScope } from 'vue'
import { api, take, type Schemas } from '@/api/client'
import { keys, queryClient } from '@/api/queries'

export type Space = Schemas['SpaceResponse']

function askSpace() {
  const { data, error, refetch } = useQuery(
    { queryKey: keys.space, queryFn: () => take(api.GET('/api/space')), staleTime: 600_000 },
    queryClient,
  )
  return { space: data, error, refetch }
}

let asked: ReturnType<typeof askSpace> | undefined

/** What the space is like: its clock and its rules. Everything that shows a time asks: once for all of them. */
export function useSpace(): ReturnType<typeof askSpace> {
  asked ??= effectScope(true).run(askSpace) as ReturnType<typeof askSpace>
  return asked
}
