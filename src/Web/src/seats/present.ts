import { onScopeDispose, ref, type Ref } from 'vue'
import { now } from '@/api/clock'
import { minute } from './spans'

/** The present in whole minutes by the server's clock, which may become known only after the first answer. */
export function useMinute(): Ref<number> {
  const read = () => Math.floor(now() / minute) * minute
  const present = ref(read())
  const tick = () => (present.value = read())
  const timer = setInterval(tick, 1_000)
  onScopeDispose(() => clearInterval(timer))
  return present
}
