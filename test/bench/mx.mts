import { modexp } from '../../packages/execution-evm/src/interpreter/modexp.js'
import { chainCommon } from '../../packages/execution-evm/src/common.js'
import { concat, numberToBytes } from 'viem'
const word=(n:number)=>numberToBytes(n,{size:32})
for (const hf of ['prague','osaka'] as const) { const common = chainCommon(1n, hf)
for (const m of [1,2,4,8,9,16,17,24,32,40,64,128,256,512,1024]) for (const e of [32, 1000]) {
  const mod=new Uint8Array(m).fill(0xfd), data=concat([word(m),word(e),word(m),new Uint8Array(m).fill(0xab),new Uint8Array(e).fill(255),mod])
  const run=()=>modexp({data,gasLimit:10n**9n,common} as never)
  const n=Math.max(2,Math.floor(20000/(m*e/32+20)))
  let best=1e9; let gas=0
  for(let k=0;k<3;k++){const t=performance.now();for(let i=0;i<n;i++) gas=Number(run().executionGasUsed);best=Math.min(best,(performance.now()-t)/n)}
  console.log(hf, m,e,'gas',gas,(best*1e6/gas).toFixed(1),'ms/Mgas')
}}
