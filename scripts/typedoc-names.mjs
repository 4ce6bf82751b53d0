/** Gives the modules of the reference the names of their packages: `@causeway/core` for `core/src`. */
import { Converter } from 'typedoc'

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, module) => {
    if (module.parent?.isProject()) module.name = `@causeway/${module.name.replace(/\/src.*$/, '')}`
  })
}
