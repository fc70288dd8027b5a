import { computed, nextTick, ref, useTemplateRef } from 'vue'
import { Problem } from '@/api/problem'

/**
 * What every form does: sends once at a time, keeps what was wrong with it, and leads to the first wrong field. Its
 * element is called `ref="form"`.
 */
export function useForm() {
  const form = useTemplateRef<HTMLFormElement>('form')
  const busy = ref(false)
  const problem = ref<unknown>()
  const fields = computed(() => (problem.value instanceof Problem ? problem.value.fields : {}))

  async function submit(work: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = undefined
    try {
      await work()
    } catch (reason) {
      problem.value = reason
      await nextTick()
      form.value?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
    } finally {
      busy.value = false
    }
  }

  return { busy, problem, fields, submit }
}
