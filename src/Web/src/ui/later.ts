import { onScopeDispose, readonly, ref, type Ref } from 'vue'

/** The next turn: so that a slow phone can draw and listen in between. */
export const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve))

/** True a moment after all that is there at first, so that a slow phone can draw and listen in between. */
export function useLater(): Readonly<Ref<boolean>> {
  const isLater = ref(false)
  const timer = setTimeout(() => (isLater.value = true))
  onScopeDispose(() => clearTimeout(timer))
  return readonly(isLater)
}
