export type { Deploy, DeployContext, DeployedChain } from './deploy.js'
export { compileContracts, type Compilation, type CompiledContract } from './compile.js'
