import { onScopeDispose, ref } from 'vue'
import { now } from '@/api/clock'

/**
 * The present by the server's clock, which may become known only after the first answer; it moves on in whole steps, so
 * that nothing is drawn anew without need.
 */
export function useNow(stepMs = 15_000) {
  const read = () => Math.floor(now() / stepMs) * stepMs
  const present = ref(read())
  const tick = () => (present.value = read())
  const timer = setInterval(tick, 1_000)
  // In the background clocks stand still.
  document.addEventListener('visibilitychange', tick)
  onScopeDispose(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  })
  return present
}
