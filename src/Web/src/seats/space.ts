import { useQuery } from '@tanstack/vue-query'
import { api, take, type Schemas } from '@/api/client'
import { keys } from '@/api/queries'

export type Space = Schemas['SpaceResponse']

/** What the space is like: its clock and its rules. */
export function useSpace() {
  const { data, error, refetch } = useQuery({
    queryKey: keys.space,
    queryFn: () => take(api.GET('/api/space')),
    staleTime: 600_000,
  })
  return { space: data, error, refetch }
}
