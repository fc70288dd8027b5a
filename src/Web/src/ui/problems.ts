import { useI18n } from 'vue-i18n'
import { Problem } from '@/api/problem'
import { toast } from './toasts'

/** What to tell a person about whatever was thrown. */
export function useProblems() {
  const { t } = useI18n()
  const wait = (seconds: number) => {
    const minutes = Math.ceil(seconds / 60)
    return seconds < 90
      ? t('problem.again_seconds', { n: seconds }, seconds)
      : t('problem.again_minutes', { n: minutes }, minutes)
  }
  const sentence = (reason: unknown): string => {
    if (!(reason instanceof Problem)) return t('problem.page')
    if (reason.code === 'offline') return t(navigator.onLine ? 'problem.unreachable' : 'problem.offline')
    if (reason.code === 'timeout') return t('problem.timeout')
    const said = reason.message || t('problem.server')
    return reason.status === 429 && reason.retryAfterSeconds ? `${said} ${wait(reason.retryAfterSeconds)}` : said
  }
  return { sentence, toastProblem: (reason: unknown) => toast(sentence(reason), 'bad') }
}
