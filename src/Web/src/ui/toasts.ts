import { reactive } from 'vue'

export interface Toast {
  id: number
  text: string
  kind: 'good' | 'bad' | 'plain'
  /** What to do about it; it stays until that is done or closed. */
  action?: { label: string; run: () => void }
}

let last = 0
export const toasts = reactive<Toast[]>([])

/** A sentence that appears for a while, and is read out. */
export function toast(text: string, kind: Toast['kind'] = 'plain', action?: Toast['action']): void {
  toasts.push({ id: ++last, text, kind, action })
}
