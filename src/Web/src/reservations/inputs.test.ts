import { describe, expect, it } from 'vitest'
import { inputsOf, instantOfInputs } from './inputs'

const zone = 'Europe/Moscow'

describe('inputs of a day and a time', () => {
  it('show the clock of the space, and lead back', () => {
    const inputs = inputsOf('2026-12-31T21:05:00Z', zone)
    expect(inputs).toEqual({ day: '2027-01-01', time: '00:05' })
    expect(instantOfInputs(inputs, zone)).toBe(Date.parse('2026-12-31T21:05:00Z'))
  })

  it('mean nothing while one of them is empty', () => {
    expect(instantOfInputs({ day: '', time: '10:00' }, zone)).toBeUndefined()
    expect(instantOfInputs({ day: '2026-12-31', time: '' }, zone)).toBeUndefined()
  })
})
