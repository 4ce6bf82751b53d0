export type { Deploy, DeployContext, DeployedChain } from './deploy.js'
