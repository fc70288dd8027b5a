import { computed, reactive, ref, shallowRef } from 'vue'
import { Problem } from '@/api/problem'
import { keys, queryClient } from '@/api/queries'
import { boundsOf, spacingOf, type Box, type Point } from '@/seats/geometry'
import { changesOf, isNothing, merge, seatsToldOf } from './changes'
import { dropDraft, keepDraft, readDraft } from './draft'
import {
  addSeat,
  alignSeats,
  chosen,
  copySeats,
  distributeSeats,
  moveSeats,
  nameSeats,
  removeSeats,
  roomForCopy,
  setSeats,
  type Edge,
  type Ids,
} from './edits'
import { sameBox, type Floor, type FloorSeat } from './floor'
import { begin, record, redo, rewrite, undo, type History } from './history'
import { gridsFor } from './snap'
import { readFloor, removePicture, saveFloor, savePicture, type SavedFloor } from './wire'

/** Presses of a key that follow each other so fast are one step to undo. */
const oneActMs = 1_200
const nobody: Ids = new Set()
const nothing: Floor = { seats: [], plan: null }

export type Editor = ReturnType<typeof makeEditor>

/** The floor that is being edited: what was read, what has been done to it, who is chosen, and how it is saved. */
export function makeEditor() {
  /** Whose work it is; whoever signs in next does not get it. */
  let user = ''
  const saved = shallowRef<SavedFloor>()
  const history = shallowRef<History<Floor>>(begin(nothing))
  const selection = shallowRef<Ids>(nobody)
  /** What somebody else has saved meanwhile. */
  const theirs = shallowRef<SavedFloor>()
  const isBusy = ref(false)
  const uploaded = ref<number>()
  const grid = ref(0)
  const grids = ref<number[]>([])

  const floor = computed(() => history.value.present)
  const picked = computed(() => chosen(floor.value, selection.value))
  const changes = computed(() => changesOf(saved.value?.floor ?? nothing, floor.value))
  const isDirty = computed(() => saved.value !== undefined && !isNothing(changes.value))
  const spacing = computed(() => spacingOf([...floor.value.seats]))
  /** How far apart what is new stands: on the grid, if there is one. */
  const step = computed(() => (grid.value > 0 ? Math.ceil(spacing.value / grid.value) * grid.value : spacing.value))
  const zones = computed(() =>
    [...new Set(floor.value.seats.flatMap(({ zone }) => zone || []))].sort((one, other) => one.localeCompare(other)),
  )

  // --- Reading

  function adopt(fresh: SavedFloor) {
    saved.value = fresh
    history.value = begin(fresh.floor)
    theirs.value = undefined
    choose(selection.value)
  }

  /** Answers whether there is something of before that was not saved. */
  async function load(owner: string): Promise<boolean> {
    user = owner
    const fresh = await readFloor()
    grids.value = gridsFor(spacingOf([...fresh.floor.seats]))
    grid.value = grids.value[1] ?? 0
    adopt(fresh)
    const draft = readDraft(user)
    if (!draft) return false
    saved.value = { version: draft.version, floor: draft.base, picture: fresh.picture }
    history.value = record(begin(draft.base), draft.floor)
    if (fresh.version !== draft.version) meet(fresh)
    return isDirty.value
  }

  /** Where others have saved something that changes nothing here, nobody needs to be asked. */
  function meet(fresh: SavedFloor) {
    if (saved.value && isNothing(changesOf(saved.value.floor, fresh.floor))) {
      saved.value = { ...fresh, floor: saved.value.floor }
      return
    }
    // It may be our own: saved, but the answer was lost on its way.
    const { floor: merged } = merge(saved.value?.floor ?? nothing, floor.value, fresh.floor)
    if (isNothing(changesOf(fresh.floor, merged))) adopt(fresh)
    else theirs.value = fresh
  }

  // --- Choosing

  function choose(ids: Iterable<string>) {
    const known = new Set(floor.value.seats.map(({ id }) => id))
    selection.value = new Set([...ids].filter((id) => known.has(id)))
  }

  function toggle(id: string) {
    const next = new Set(selection.value)
    if (!next.delete(id)) next.add(id)
    selection.value = next
  }

  // --- Doing and undoing

  let lastAct = { name: '', at: -Infinity, number: 0 }

  /** With a name, an act goes on as long as one with the same name follows soon. */
  function change(next: Floor, act?: string) {
    if (isBusy.value) return
    const at = performance.now()
    const goesOn = act !== undefined && act === lastAct.name && at - lastAct.at < oneActMs
    lastAct = { name: act ?? '', at, number: goesOn ? lastAct.number : lastAct.number + 1 }
    history.value = record(history.value, next, act && `${act} ${lastAct.number}`)
  }

  function go(step: typeof undo<Floor>) {
    if (isBusy.value) return
    history.value = step(history.value)
    choose(selection.value)
  }

  /** Where the last copy came from: one more of a copy that was moved goes as far again. */
  let lastCopy: Map<string, string> = new Map()

  function copy() {
    if (picked.value.length === 0) return
    const wasCopied =
      [...lastCopy.values()].every((id) => selection.value.has(id)) && lastCopy.size === picked.value.length
    const [source, target] = [...lastCopy][0] ?? []
    const from = wasCopied ? floor.value.seats.find(({ id }) => id === source) : undefined
    const to = floor.value.seats.find(({ id }) => id === target)
    const by =
      from && to ? { x: to.x - from.x, y: to.y - from.y } : roomForCopy(floor.value, selection.value, step.value)
    const { floor: next, copies } = copySeats(floor.value, selection.value, by)
    change(next)
    lastCopy = copies
    choose(copies.values())
  }

  function add(at: Point, firstName: string): FloorSeat | undefined {
    if (isBusy.value) return undefined
    const like = picked.value.at(-1)
    const onGrid = (value: number) => (grid.value > 0 ? Math.round(value / grid.value) * grid.value : value)
    const place = { x: onGrid(at.x), y: onGrid(at.y) }
    const { floor: next, seat } = addSeat(floor.value, place, step.value, like ?? {}, firstName)
    change(next)
    choose([seat.id])
    return seat
  }

  function remove() {
    change(removeSeats(floor.value, selection.value))
    choose([])
  }

  // --- Saving

  /**
   * Answers whether it was saved, or that somebody else was here, or which seats are booked and need a word; all other
   * problems are thrown.
   */
  async function save(force: boolean, isAgain = false): Promise<'saved' | 'changed' | FloorSeat[]> {
    const before = saved.value
    if (!before || isBusy.value) return []
    isBusy.value = true
    try {
      const after = floor.value
      const fresh = await saveFloor(before, after, force)
      dropDraft()
      adopt(fresh)
      if (force) await queryClient.invalidateQueries({ queryKey: keys.reservations })
      return 'saved'
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason
      if (reason.code === 'seats_have_reservations') {
        const ids = new Set((reason.body as { seat_ids?: string[] }).seat_ids)
        return before.floor.seats.filter(({ id }) => ids.has(id))
      }
      if (!['floor_changed', 'seat_not_found', 'picture_not_found'].includes(reason.code)) throw reason
      meet(await readFloor())
      if (!isDirty.value) return 'saved'
      if (theirs.value || isAgain) return 'changed'
    } finally {
      isBusy.value = false
      for (const queryKey of [keys.seats, keys.floor, keys.admin]) void queryClient.invalidateQueries({ queryKey })
    }
    return await save(force, true)
  }

  /** The seats that the server's errors are about, by the number they had in what it was told. */
  const seatAt = (index: number) => seatsToldOf(saved.value?.floor ?? nothing, floor.value)[index]

  function takeTheirs() {
    if (!theirs.value) return
    dropDraft()
    adopt(theirs.value)
  }

  function putOnTop() {
    if (!theirs.value || !saved.value) return
    const { floor: merged } = merge(saved.value.floor, floor.value, theirs.value.floor)
    const fresh = theirs.value
    adopt(fresh)
    history.value = record(history.value, merged)
    choose(selection.value)
  }

  function drop() {
    dropDraft()
    if (saved.value) adopt(saved.value)
  }

  function keep() {
    if (!saved.value) return
    if (!isDirty.value) dropDraft()
    else keepDraft({ user, version: saved.value.version, base: saved.value.floor, floor: floor.value })
  }

  // --- The picture

  function lay(fresh: SavedFloor) {
    const before = saved.value
    if (!before) return
    const { picture } = fresh
    const { plan } = fresh.floor
    // Where it lies is told by the server at first, and is for us to move from then on.
    const replace = (state: Floor): Floor =>
      plan && state.plan && !sameBox(state.plan, before.floor.plan)
        ? { ...state, plan: { ...state.plan, height: (state.plan.width * plan.height) / plan.width } }
        : { ...state, plan }
    history.value = rewrite(history.value, replace)
    // Another version than the next one: somebody else has been here as well, which saving will find out.
    const version = fresh.version === before.version + 1 ? fresh.version : before.version
    saved.value = { version, picture, floor: { ...before.floor, plan } }
    void queryClient.invalidateQueries({ queryKey: keys.floor })
  }

  async function upload(file: File) {
    isBusy.value = true
    uploaded.value = 0
    try {
      lay(await savePicture(file, saved.value?.floor.seats ?? [], (share) => (uploaded.value = share)))
    } finally {
      isBusy.value = false
      uploaded.value = undefined
    }
  }

  async function takePictureAway() {
    isBusy.value = true
    try {
      lay(await removePicture(saved.value?.floor.seats ?? []))
    } finally {
      isBusy.value = false
    }
  }

  return reactive({
    saved,
    floor,
    selection,
    picked,
    changes,
    isDirty,
    isBusy,
    uploaded,
    theirs,
    clashes: computed(() =>
      theirs.value && saved.value ? merge(saved.value.floor, floor.value, theirs.value.floor).clashes : [],
    ),
    theirChanges: computed(() =>
      theirs.value && saved.value ? changesOf(saved.value.floor, theirs.value.floor) : undefined,
    ),
    spacing,
    zones,
    grid,
    grids,
    setGrid: (size: number) => (grid.value = size),
    middle: computed((): Point => {
      const { x, y, width, height } = boundsOf(picked.value.length > 0 ? picked.value : [...floor.value.seats])
      return { x: x + width / 2, y: y + height / 2 }
    }),
    canUndo: computed(() => history.value.past.length > 0),
    canRedo: computed(() => history.value.future.length > 0),
    load,
    choose,
    toggle,
    chooseAll: () => choose(floor.value.seats.map(({ id }) => id)),
    undo: () => go(undo),
    redo: () => go(redo),
    copy,
    add,
    remove,
    move: (by: Point, ids: Ids = selection.value) => change(moveSeats(floor.value, ids, by)),
    nudge: (by: Point) =>
      change(moveSeats(floor.value, selection.value, by), `nudge ${[...selection.value].join(' ')}`),
    set: (values: Partial<Omit<FloorSeat, 'id'>>) => change(setSeats(floor.value, selection.value, values)),
    name: (first: string) => change(nameSeats(floor.value, selection.value, first)),
    align: (edge: Edge) => change(alignSeats(floor.value, selection.value, edge)),
    distribute: (axis: 'x' | 'y') => change(distributeSeats(floor.value, selection.value, axis)),
    layPlan: (plan: Box) => change({ ...floor.value, plan }),
    save,
    seatAt,
    takeTheirs,
    putOnTop,
    drop,
    keep,
    upload,
    takePictureAway,
  })
}
