/** What was, is, and was undone. */
export interface History<T> {
  readonly past: readonly T[]
  readonly present: T
  readonly future: readonly T[]
  /** Which act made the present out of the last of the past. */
  readonly act: string | undefined
}

const most = 300

export const begin = <T>(present: T): History<T> => ({ past: [], present, future: [], act: undefined })

/** One step more. What belongs to one act (a key held down, a number typed) is one step, if the act has a name. */
export function record<T>(history: History<T>, next: T, act?: string): History<T> {
  if (next === history.present) return history
  const goesOn = act !== undefined && act === history.act
  const past = goesOn ? history.past : [...history.past, history.present].slice(-most)
  return { past, present: next, future: [], act }
}

export function undo<T>(history: History<T>): History<T> {
  const { past, present, future } = history
  if (past.length === 0) return history
  return { past: past.slice(0, -1), present: past.at(-1) as T, future: [present, ...future], act: undefined }
}

export function redo<T>({ past, present, future, act }: History<T>): History<T> {
  if (future.length === 0) return { past, present, future, act }
  return { past: [...past, present], present: future[0] as T, future: future.slice(1), act: undefined }
}

/** Something that is no step of its own became true, and is true of what was, too. */
export const rewrite = <T>(history: History<T>, change: (state: T) => T): History<T> => ({
  past: history.past.map(change),
  present: change(history.present),
  future: history.future.map(change),
  act: undefined,
})
