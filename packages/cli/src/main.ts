import { Command } from 'commander'

await new Command('causeway').description('Develop a chain, run its nodes, join a cluster, look at both').parseAsync()
