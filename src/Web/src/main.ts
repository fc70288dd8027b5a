import './style.css'
import '@/ui/theme'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import { credentials } from '@/api/client'
import { queryClient } from '@/api/queries'
import { signedOut, watchOtherTabs } from '@/auth/session'
import { launchParameters } from '@/telegram/telegram'
import { i18n, preferredLanguage, setLanguage } from '@/i18n'
import { localOf, usualTimeZone } from '@/i18n/format'
import { useSpace } from '@/seats/space'
import { nextTurn } from '@/ui/later'
import { toast } from '@/ui/toasts'
import App from './App.vue'
import { reloadIfOutdated } from './loading'
import { router } from './router'

// A part of the page did not come. Whoever wanted it says so meanwhile.
window.addEventListener('vite:preloadError', () => void reloadIfOutdated())
// The page comes together with its words, not after them. When it does not come, the router says so.
for (const { components } of router.resolve(location.pathname).matched)
  (components?.default as (() => Promise<unknown>) | undefined)?.().catch(() => {})
// While the words are on their way, one after another, as a slow phone takes a while for each: what every page asks for,
// and the clocks of the world.
setTimeout(useSpace)
setTimeout(() => localOf(Date.now(), usualTimeZone))
await setLanguage(preferredLanguage())

credentials.onSignedOut = () => {
  signedOut()
  toast(i18n.global.t('problem.signed_out'), 'bad')
  // The first page may still be on its way.
  void router.isReady().then(() => {
    const { name, meta, fullPath } = router.currentRoute.value
    if (meta.member && name !== 'sign-in') void router.push({ name: 'sign-in', query: { next: fullPath } })
  })
}
watchOtherTabs(() => credentials.onSignedOut())

const app = createApp(App)
app.use(i18n)
app.use(VueQueryPlugin, { queryClient })
const parameters = launchParameters()
if (parameters) (await import('@/telegram/miniApp')).startMiniApp(router, parameters)

// What all of it stands on, the frame, and then the page in it: nobody waits for all of them at once.
await nextTurn()
const framed = new Promise<void>((resolve) => {
  router.beforeResolve(() => framed)
  app.use(router)
  app.mount('#app')
  setTimeout(resolve)
})
// On a first visit that loads all of the page once more: not while this one is being drawn.
if (import.meta.env.PROD) {
  const isFirst = !('serviceWorker' in navigator) || navigator.serviceWorker.controller === null
  const start = () => import('./updates').then(({ keepUpToDate }) => keepUpToDate())
  // Where it does not come the page only does not open offline.
  setTimeout(() => void start().catch(() => {}), isFirst ? 4_000 : 0)
}
