// Yandex sends people back to one address of ours; where they were going waits here.
const memory = 'bookit.next'

export const rememberNext = (next: string): void => sessionStorage.setItem(memory, next)

export function takeNext(): string | null {
  const next = sessionStorage.getItem(memory)
  sessionStorage.removeItem(memory)
  return next
}
