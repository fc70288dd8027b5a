import type { Schemas } from '@/api/client'

export type Ticket = Schemas['TicketResponse']
export const themes = ['failure', 'wish', 'other'] as const

/** After its closing, its author may open a ticket again for so long. */
const reopenWithinMs = 7 * 24 * 3_600_000

export const mayReopen = ({ status, closed_on }: Ticket, present: number): boolean =>
  status === 'closed' && closed_on !== null && present < Date.parse(closed_on) + reopenWithinMs
