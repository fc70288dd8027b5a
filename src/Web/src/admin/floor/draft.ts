import { fields, type Floor, type FloorSeat } from './floor'
import type { Box } from '@/seats/geometry'

/** What was not saved yet: it survives a reload of the page, in this tab and for this person. */
export interface Draft {
  user: string
  /** The floor as it was read, and its version. */
  version: number
  base: Floor
  floor: Floor
}

const memory = 'bookit.floor'

export function keepDraft(draft: Draft): void {
  try {
    sessionStorage.setItem(memory, JSON.stringify(draft))
  } catch {
    // No room for it: the page still asks before it goes away.
  }
}

export const dropDraft = (): void => sessionStorage.removeItem(memory)

/** Somebody else's, or one of another version of this page, is none. */
export function readDraft(user: string): Draft | undefined {
  try {
    const draft = JSON.parse(sessionStorage.getItem(memory) ?? 'null') as Partial<Draft> | null
    const isWhole =
      draft?.user === user && typeof draft.version === 'number' && isFloor(draft.base) && isFloor(draft.floor)
    return isWhole ? (draft as Draft) : undefined
  } catch {
    return undefined
  }
}

const isFloor = (floor: Floor | undefined) =>
  Array.isArray(floor?.seats) && floor.seats.every(isSeat) && (floor.plan === null || isBox(floor.plan))

const isSeat = (seat: FloorSeat) =>
  typeof seat.id === 'string' &&
  typeof seat.name === 'string' &&
  Number.isFinite(seat.x) &&
  Number.isFinite(seat.y) &&
  fields.every((field) => field in seat)

const isBox = ({ x, y, width, height }: Box) => [x, y, width, height].every(Number.isFinite)
