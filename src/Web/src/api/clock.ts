// Devices are sometimes an hour off. What is "now" is said by the server, in the Date of its answers.
// Remembered for a page that is opened without a network.
const memory = 'bookit.clock'
let offset = Number(localStorage.getItem(memory)) || 0

export function tellTime(date: string | null, sentAt: number, receivedAt: number): void {
  const server = date ? Date.parse(date) : NaN
  if (!Number.isNaN(server)) {
    // The header has whole seconds, and the answer took a while.
    const here = (sentAt + receivedAt) / 2
    const difference = server + 500 - here
    if (Math.abs(difference - offset) <= 2_000) return
    offset = difference
    localStorage.setItem(memory, String(Math.round(offset)))
  }
}

/** The present by the server's clock, in milliseconds since 1970. */
export const now = (): number => Date.now() + offset
