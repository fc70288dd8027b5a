import { onScopeDispose, readonly, ref, shallowRef, watch, type Ref } from 'vue'

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
  /** Opens an address outside of Telegram. */
  openLink: (() => {}) as (url: string) => void,
}

const memory = 'bookit.telegram'

/** What Telegram says of itself and of who has opened the page: in the address at first, kept for when it is reloaded. */
export function launchParameters(): URLSearchParams | undefined {
  const here = new URLSearchParams(location.hash.slice(1))
  if (here.has('tgWebAppData')) sessionStorage.setItem(memory, here.toString())
  const kept = sessionStorage.getItem(memory)
  return kept === null ? undefined : new URLSearchParams(kept)
}

/**
 * Gives Telegram's main button to the page for as long as it is there; answers whether there is one, so that the page
 * need not show its own. Nothing wanted: no button. Of two that want it the later one has it.
 */
export function useMainButton(wanted: () => MainButton | undefined): Readonly<Ref<boolean>> {
  let own: MainButton | undefined
  function show(button?: MainButton) {
    // The next page comes before this one goes, which takes away no more than its own.
    if (button || telegram.mainButton.value === own) telegram.mainButton.value = button
    own = button
  }
  watch(() => (telegram.isHere.value ? wanted() : undefined), show, { immediate: true })
  onScopeDispose(show)
  return readonly(telegram.isHere)
}
