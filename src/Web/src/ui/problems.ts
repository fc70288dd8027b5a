import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { toast } from './toasts'

/** What to tell a person about whatever was thrown. */
export function useProblems() {
  const { t } = useI18n()
  const sentence = (reason: unknown): string => {
    if (!(reason instanceof Problem)) return t('problem.page')
    if (reason.code === 'offline') return t(navigator.onLine ? 'problem.unreachable' : 'problem.offline')
    if (reason.code === 'timeout') return t('problem.timeout')
    return reason.message || t('problem.server')
  }
  return { sentence, toastProblem: (reason: unknown) => toast(sentence(reason), 'bad') }
}
