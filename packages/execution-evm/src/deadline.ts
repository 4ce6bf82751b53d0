import { timedOut, type SimulationLimits } from './limits.js'

/** Throws when a simulation's time is up. Cheap: it may be called at every step, and looks at the clock now and then, or when it is told to. @throws `SIMULATION_TIMEOUT` */
export type Deadline = (look?: boolean) => void

/** Steps between two looks at the clock. */
const STEPS = 64

/** The deadline of a simulation that begins now, in a thread that nobody else can end. */
export function deadline(limits: Pick<SimulationLimits, 'ms'>): Deadline {
  const end = performance.now() + limits.ms
  let steps = 0
  return (look = false) => {
    if ((look || ++steps % STEPS === 0) && performance.now() > end) throw timedOut(limits)
  }
}
