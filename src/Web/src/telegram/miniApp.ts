import { on, postEvent, supports, type PostEventFn } from '@tma.js/bridge'
import { watch } from 'vue'
import type { Router } from 'vue-router'
import { api, credentials, take } from '@/api/client'
import { Problem } from '@/api/problem'
import { keys, queryClient } from '@/api/queries'
import { signedInAs, type Me } from '@/auth/session'
import { i18n } from '@/i18n'
import { setTelegramTheme } from '@/ui/theme'
import { toast } from '@/ui/toasts'
import { readableColors, type ThemeColors } from './colors'
import { telegram } from './telegram'

const t = i18n.global.t

/** Where a link such as t.me/bot/app?startapp=seat_<id> leads to; undefined for what is no word of ours. */
export function pageOf(start: string | null): string | undefined {
  const seat = /^seat_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(start ?? '')?.[1]
  if (seat) return `/?seat=${seat}`
  return start === 'pass' ? '/pass' : undefined
}

/** Makes the page one of Telegram's: its colours and buttons, and its first page one for whoever has opened it. */
export function startMiniApp(router: Router, parameters: URLSearchParams): void {
  credentials.inMemory = true
  telegram.isHere.value = true
  telegram.openLink = (url) => tell('web_app_open_link', { url })

  wear(readColors(parameters.get('tgWebAppThemeParams')))
  on('theme_changed', ({ theme_params }) => wear(theme_params))
  takeButtons(router, parameters.get('tgWebAppVersion') ?? '6.0')
  on('reload_iframe', () => location.reload())
  tell('iframe_ready', { reload_supported: true })
  tell('web_app_ready')
  tell('web_app_expand')

  // After a reload the address says where one was; else it holds who has opened the page, which is not to stay there.
  const isReload = !location.hash.includes('tgWebAppData=')
  const initData = parameters.get('tgWebAppData') ?? ''
  const start = parameters.get('tgWebAppStartParam') ?? new URLSearchParams(initData).get('start_param')
  const page = isReload ? location.pathname + location.search : (pageOf(start) ?? '/')
  const signIn = signInByTelegram(initData)
  const stop = router.beforeEach(async () => {
    stop()
    return (await signIn) ? page : { name: 'sign-in', query: { next: page } }
  })
}

const tell = ((...words: Parameters<PostEventFn>) => {
  try {
    postEvent(...words)
  } catch {
    // Nobody listens: somebody has opened the address elsewhere. It is an ordinary page then.
    telegram.isHere.value = false
  }
}) as PostEventFn

function readColors(text: string | null): ThemeColors {
  try {
    return (JSON.parse(text ?? '{}') ?? {}) as ThemeColors
  } catch {
    return {}
  }
}

/** False: Telegram's account is nobody's here yet. Whoever signs in next is asked for no more: it is linked then. */
async function signInByTelegram(initData: string): Promise<boolean> {
  try {
    const answer = await take(api.POST('/api/telegram/webapp', { body: { init_data: initData } }))
    await signedInAs(answer.user)
    return true
  } catch (problem) {
    if (problem instanceof Problem && problem.code === 'telegram_not_linked' && problem.body.proof) {
      toast(t('telegram.first_time'))
      linkLater(problem.body.proof)
      return false
    }

    const isOld = problem instanceof Problem && problem.code === 'telegram_data_invalid'
    toast(isOld ? t('telegram.open_again') : t('telegram.failed'), 'bad')
    return true
  }
}

function linkLater(proof: string) {
  const stop = queryClient.getQueryCache().subscribe(({ query }) => {
    const me = query.queryKey[0] === keys.me[0] ? (query.state.data as Me | null | undefined) : undefined
    if (!me) return
    stop()
    take(api.POST('/api/telegram/link', { body: { proof } })).then(
      (linked) => {
        queryClient.setQueryData(keys.me, linked)
        toast(t('telegram.linked'), 'good')
      },
      (problem: unknown) =>
        toast(problem instanceof Problem && problem.message ? problem.message : t('telegram.failed'), 'bad'),
    )
  })
}

function wear(colors: ThemeColors) {
  const { scheme, variables } = readableColors(colors)
  setTelegramTheme(scheme)
  const { style } = document.documentElement
  for (const [name, color] of Object.entries(variables)) {
    if (color) style.setProperty(name, color)
    else style.removeProperty(name)
  }
}

function takeButtons(router: Router, version: string) {
  if (supports('web_app_setup_back_button', version)) {
    router.afterEach(({ name, query }) => {
      tell('web_app_setup_back_button', { is_visible: name !== 'map' || query.seat !== undefined })
    })
    on('back_button_pressed', () => {
      if (window.history.state?.back) router.back()
      else void router.replace({ name: 'map' })
    })
  }

  on('main_button_pressed', () => {
    const button = telegram.mainButton.value
    if (button && !button.busy && !button.disabled) button.press()
  })
  watch(telegram.mainButton, (button) =>
    tell('web_app_setup_main_button', {
      is_visible: button !== undefined,
      is_active: button !== undefined && !button.disabled && !button.busy,
      is_progress_visible: button?.busy ?? false,
      text: button?.text ?? ' ',
    }),
  )
}
