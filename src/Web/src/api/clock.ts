// Devices are sometimes an hour off. What is "now" is said by the server, in the Date of its answers.
let offset = 0

export function tellTime(date: string | null, sentAt: number, receivedAt: number): void {
  const server = date ? Date.parse(date) : NaN
  if (!Number.isNaN(server)) {
    // The header has whole seconds, and the answer took a while.
    const here = (sentAt + receivedAt) / 2
    const difference = server + 500 - here
    offset = Math.abs(difference - offset) > 2_000 ? difference : offset
  }
}

/** The present by the server's clock, in milliseconds since 1970. */
export const now = (): number => Date.now() + offset
