import { authorizedFetch } from './client'
import { problemOf } from './problem'

/** Saves what the Api answers as a file; signed in as everything else is, which a plain link is not inside Telegram. */
export async function download(path: string, fileName: string): Promise<void> {
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
