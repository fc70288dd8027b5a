import { onScopeDispose } from 'vue'

/** Keeps the screen on while a pass is held up, where the browser can. It lets go by itself when the page is hidden. */
export function useWakeLock(): void {
  let gone = false
  let lock: WakeLockSentinel | undefined
  const hold = async () => {
    // Who shows the page in a frame, as Telegram does, does not allow it, and the browser would tell of each attempt.
    if (window.top !== window || document.visibilityState !== 'visible' || (lock && !lock.released)) return
    try {
      lock = await navigator.wakeLock.request('screen')
      if (gone) await lock.release()
    } catch {
      // There is none, or the battery is low: the screen does as it always does.
    }
  }
  document.addEventListener('visibilitychange', hold)
  void hold()
  onScopeDispose(() => {
    gone = true
    document.removeEventListener('visibilitychange', hold)
    void lock?.release()
  })
}
