import { onScopeDispose, readonly, ref, shallowRef, watchEffect, type Ref } from 'vue'

/** What the big button below the page says and does, where Telegram has one. */
export interface MainButton {
  text: string
  busy?: boolean
  disabled?: boolean
  press: () => void
}

/** Telegram's side of it, which only `miniApp.ts` knows. */
export const telegram = {
  isHere: ref(false),
  mainButton: shallowRef<MainButton>(),
}

/** Whether Telegram has opened the page: it says who did in the address, once. */
export const isOpenedByTelegram = (): boolean =>
  location.hash.includes('tgWebAppData=') || sessionStorage.getItem('bookit.telegram') !== null

/**
 * Gives Telegram's main button to the page for as long as it is there; answers whether there is one, so that the page
 * need not show its own. Nothing wanted: no button.
 */
export function useMainButton(wanted: () => MainButton | undefined): Readonly<Ref<boolean>> {
  watchEffect(() => {
    if (telegram.isHere.value) telegram.mainButton.value = wanted()
  })
  onScopeDispose(() => (telegram.mainButton.value = undefined))
  return readonly(telegram.isHere)
}
