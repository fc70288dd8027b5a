import { registerSW } from 'virtual:pwa-register'
import { i18n } from '@/i18n'
import { toast } from '@/ui/toasts'

const hour = 3_600_000

/** Makes the page open without a network, and says when there is a new version of it. */
export function keepUpToDate(): void {
  let isOffered = false
  const update = registerSW({
    immediate: true,
    // It is told of one worker more than once.
    onNeedRefresh: () => {
      if (isOffered) return
      isOffered = true
      toast(i18n.global.t('app.updated'), 'plain', {
        label: i18n.global.t('app.reload'),
        run: () => void update(true),
      })
    },
    // Some never close it.
    onRegisteredSW: (_, registration) =>
      registration && setInterval(() => void registration.update().catch(() => {}), hour),
    // Without it the page only does not open offline.
    onRegisterError: () => {},
  })
}
