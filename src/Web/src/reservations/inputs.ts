import { dayOf, instantOf, localOf } from '@/i18n/format'

/** What a date input and a time input hold. */
export interface Inputs {
  day: string
  time: string
}

const twoDigits = (number: number) => String(number).padStart(2, '0')

export function inputsOf(instant: string | number, timeZone: string): Inputs {
  const { hour, minute } = localOf(instant, timeZone)
  return { day: dayOf(instant, timeZone), time: `${twoDigits(hour)}:${twoDigits(minute)}` }
}

/** The moment that they mean; undefined while one of them is empty. */
export function instantOfInputs({ day, time }: Inputs, timeZone: string): number | undefined {
  const [, year, month, date, hour, minute] = (
    /^(\d{4,6})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(`${day}T${time}`) ?? []
  ).map(Number)
  return year === undefined || month === undefined || date === undefined || hour === undefined || minute === undefined
    ? undefined
    : instantOf({ year, month, day: date, hour, minute }, timeZone)
}
