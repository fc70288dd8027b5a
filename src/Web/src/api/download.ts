import { i18n } from '@/i18n'
import { telegram } from '@/telegram/telegram'
import { toast } from '@/ui/toasts'
import { authorizedFetch } from './client'
import { problemOf } from './problem'

/**
 * Saves what the Api answers as a file; signed in as everything else is, which a plain link is not. Telegram's view of a
 * page saves no files: there the page opens in a browser, to be pressed once more.
 */
export async function download(path: string, fileName: string): Promise<void> {
  if (telegram.isHere.value) {
    toast(i18n.global.t('telegram.no_files'))
    telegram.openLink(location.origin + location.pathname + location.search)
    return
  }

  const response = await authorizedFetch(new Request(new URL(path, location.origin)))
  if (!response.ok) throw problemOf(response, await response.json().catch(() => undefined))
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // Some browsers begin to read only after this.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
