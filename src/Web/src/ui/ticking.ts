import { onScopeDispose, ref } from 'vue'
import { now } from '@/api/clock'

/** The present by the server's clock, moving on while the page is looked at. */
export function useNow(everyMs = 15_000) {
  const present = ref(now())
  const tick = () => {
    if (document.visibilityState === 'visible') present.value = now()
  }
  const timer = setInterval(tick, everyMs)
  document.addEventListener('visibilitychange', tick)
  onScopeDispose(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  })
  return present
}
