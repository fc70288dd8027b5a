import './style.css'
import '@/ui/theme'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import { credentials } from '@/api/client'
import { queryClient } from '@/api/queries'
import { signedOut, watchOtherTabs } from '@/auth/session'
import { launchParameters } from '@/telegram/telegram'
import { i18n, preferredLanguage, setLanguage } from '@/i18n'
import { toast } from '@/ui/toasts'
import App from './App.vue'
import { router } from './router'

// The page comes together with its words, not after them. When it does not come, the router says so.
for (const { components } of router.resolve(location.pathname).matched)
  (components?.default as (() => Promise<unknown>) | undefined)?.().catch(() => {})
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

// After a new version the old one's parts are gone from the server.
window.addEventListener('vite:preloadError', (event) => {
  event.preventDefault()
  location.reload()
})

const app = createApp(App)
app.use(i18n)
app.use(VueQueryPlugin, { queryClient })
const parameters = launchParameters()
if (parameters) (await import('@/telegram/miniApp')).startMiniApp(router, parameters)

app.use(router)
app.mount('#app')
if (import.meta.env.PROD) void import('./updates').then(({ keepUpToDate }) => keepUpToDate())
