import { ref } from 'vue'

export type Theme = 'light' | 'dark' | 'auto'

const memory = 'bookit.theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')
/** Inside Telegram its theme is the system's. */
const telegram = ref<'light' | 'dark'>()
export const theme = ref<Theme>((localStorage.getItem(memory) as Theme | null) ?? 'auto')

function show() {
  const auto = telegram.value ?? (system.matches ? 'dark' : 'light')
  document.documentElement.dataset.theme = theme.value === 'auto' ? auto : theme.value
}

export function setTheme(chosen: Theme): void {
  theme.value = chosen
  if (chosen === 'auto') localStorage.removeItem(memory)
  else localStorage.setItem(memory, chosen)
  show()
}

export function setTelegramTheme(scheme: 'light' | 'dark'): void {
  telegram.value = scheme
  show()
}

system.addEventListener('change', show)
show()
