import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { api, take, type Schemas } from '@/api/client'
import { keys } from '@/api/queries'

export type Person = Schemas['UserResponse']

export const personQuery = (id: string) => ({
  queryKey: [...keys.admin, 'person', id],
  queryFn: () => take(api.GET('/api/user/{id}', { params: { path: { id } } })),
  staleTime: 60_000,
})

/** Whoever has that id; asked for once, however often the page shows them. */
export function usePerson(id: MaybeRefOrGetter<string | null>, asks: MaybeRefOrGetter<boolean> = true) {
  const query = useQuery(
    computed(() => {
      const value = toValue(id)
      return { ...personQuery(value ?? ''), enabled: value !== null && toValue(asks) }
    }),
  )
  return { ...query, person: query.data }
}
