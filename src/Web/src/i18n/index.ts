import { createI18n, type Composer } from 'vue-i18n'
import { credentials } from '@/api/client'

export type Language = 'ru' | 'en'

/** 1 место, 2 места, 5 мест: CLDR's one, few and many. */
export function russianPlural(count: number): number {
  const [ten, hundred] = [count % 10, count % 100]
  if (ten === 1 && hundred !== 11) return 0
  return ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14) ? 1 : 2
}

export const i18n = createI18n({
  legacy: false,
  locale: 'ru',
  fallbackLocale: 'en',
  pluralRules: { ru: russianPlural },
  missingWarn: import.meta.env.DEV,
  messages: {},
})

const memory = 'bookit.language'
const loaders = { ru: () => import('./ru'), en: () => import('./en') }
const adminLoaders = { ru: () => import('./admin.ru'), en: () => import('./admin.en') }
let withAdmin = false

/** What the person chose here, else what the browser prefers; Russian, where it prefers neither. */
export function preferredLanguage(): Language {
  const chosen = localStorage.getItem(memory)
  if (chosen === 'ru' || chosen === 'en') return chosen
  const known = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag === 'ru' || tag === 'en')
  return known === 'en' ? 'en' : 'ru'
}

export async function setLanguage(language: Language, remember = false): Promise<void> {
  const global = i18n.global as unknown as Composer
  const parts = [loaders[language](), ...(withAdmin ? [adminLoaders[language]()] : [])]
  const [words, adminWords] = await Promise.all(parts)
  // They are many: put in as they are, not copied.
  if (words) global.setLocaleMessage(language, words.default)
  if (adminWords) global.mergeLocaleMessage(language, adminWords.default)
  global.locale.value = language
  credentials.language = language
  document.documentElement.lang = language
  if (remember) localStorage.setItem(memory, language)
}

/** The browser's own choice again. */
export async function followBrowser(): Promise<void> {
  localStorage.removeItem(memory)
  await setLanguage(preferredLanguage())
}

/** The words of the admin's desk, which members do not load. */
export async function addAdminWords(): Promise<void> {
  if (withAdmin) return
  withAdmin = true
  try {
    await setLanguage((i18n.global as unknown as Composer).locale.value as Language)
  } catch (reason) {
    withAdmin = false
    throw reason
  }
}
