import { computed, shallowRef, watch } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'

export const pageSize = 25

type Filters = Record<string, string>

/** What an address says about a list; what it does not say is as by default. */
export function filtersOf<F extends Filters>(query: LocationQuery, defaults: F): F {
  const given = Object.keys(defaults).map((name) => {
    const value = query[name]
    return [name, (Array.isArray(value) ? value[0] : value) ?? defaults[name]]
  })
  return Object.fromEntries(given) as F
}

/** The address of a part of a list: without what is as by default. */
export function queryOf<F extends Filters>(filters: F, defaults: F, offset = 0): LocationQuery {
  const told = Object.entries(filters).filter(([name, value]) => value !== defaults[name])
  return { ...Object.fromEntries(told), ...(offset > 0 ? { offset: String(offset) } : {}) }
}

export function offsetOf(query: LocationQuery): number {
  const offset = Number(query.offset ?? 0)
  return Number.isInteger(offset) && offset > 0 && offset <= 10_000_000 ? offset : 0
}

/** The other direction of a column that is sorted by already, else its first one. */
export function nextSort(present: string, column: string): string {
  return present === column ? `-${column}` : column
}

/** What a list shows lives in the page's address, so that it can be sent to somebody, and going back brings it back. */
export function useListing<F extends Filters>(defaults: F) {
  const route = useRoute()
  const router = useRouter()
  const query = shallowRef(route.query)
  const ours = route.name
  // On the way to another page its address is no longer about this list.
  watch(
    () => route.query,
    (next) => {
      if (route.name === ours) query.value = next
    },
  )

  const filters = computed(() => filtersOf(query.value, defaults))
  const offset = computed(() => offsetOf(query.value))
  const isNarrowed = computed(() =>
    Object.entries(filters.value).some(([name, value]) => name !== 'sort' && value !== defaults[name]),
  )
  const narrow = (changes: Partial<F>) => router.replace({ query: queryOf({ ...filters.value, ...changes }, defaults) })
  const turnTo = async (to: number) => {
    await router.push({ query: queryOf(filters.value, defaults, to) })
    window.scrollTo({ top: 0 })
  }
  const clear = () => router.replace({ query: queryOf({ ...defaults, sort: filters.value.sort } as F, defaults) })
  return { filters, offset, isNarrowed, narrow, turnTo, clear }
}
