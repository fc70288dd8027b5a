import { reactive } from 'vue'

export interface Toast {
  id: number
  text: string
  kind: 'good' | 'bad' | 'plain'
}

let last = 0
export const toasts = reactive<Toast[]>([])

/** A sentence that appears for a while, and is read out. */
export function toast(text: string, kind: Toast['kind'] = 'plain'): void {
  toasts.push({ id: ++last, text, kind })
}
