import { now } from '@/api/clock'
import type { Schemas } from '@/api/client'

/** The last pass that was looked at: what a door without a network needs of it. */
export interface KeptPass {
  reservation: Schemas['ReservationResponse']
  zone: string | null
  /** The signed QR code. */
  svg: string
  /** When the Api last said so, by its clock. */
  keptAt: number
}

const memory = 'bookit.pass'

export function keepPass(pass: KeptPass): void {
  try {
    localStorage.setItem(memory, JSON.stringify(pass))
  } catch {
    // No room: then there is no pass offline.
  }
}

export const forgetPass = (): void => localStorage.removeItem(memory)

/** The kept pass, of one reservation or of whichever it is; gone once it has ended. */
export function readKeptPass(reservationId?: string): KeptPass | undefined {
  const pass = parse(localStorage.getItem(memory))
  if (!pass || Date.parse(pass.reservation.end) <= now()) {
    forgetPass()
    return undefined
  }
  return reservationId === undefined || pass.reservation.id === reservationId ? pass : undefined
}

function parse(text: string | null): KeptPass | undefined {
  try {
    const pass = text === null ? undefined : (JSON.parse(text) as KeptPass)
    return typeof pass?.svg === 'string' && typeof pass.reservation.end === 'string' ? pass : undefined
  } catch {
    return undefined
  }
}
