/** The page as a browser would load it now; undefined while nobody answers, so that loading it would leave nothing. */
async function pageNow(): Promise<string | undefined> {
  try {
    const answer = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(10_000) })
    return answer.ok ? await answer.text() : undefined
  } catch {
    return undefined
  }
}

/** Loads the page anew when there is a new version of it: the old one's parts are gone from the server then. */
export async function reloadIfOutdated(): Promise<void> {
  const script = document.querySelector<HTMLScriptElement>('script[type=module]')
  const page = await pageNow()
  if (script && page !== undefined && !page.includes(new URL(script.src).pathname)) location.reload()
}

/** Loads the page anew at an address of ours, if it can be had. */
export async function loadAt(address: string): Promise<void> {
  if ((await pageNow()) !== undefined) location.assign(address)
}
