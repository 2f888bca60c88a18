import {build} from 'esbuild'; import {gzipSync} from 'node:zlib'; import {resolve} from 'node:path';
const root=process.cwd();
const program='import { call } from "./src/providers/anthropic/index.ts"; const r = call("claude-sonnet-5-5", { stream: true }, (genre) => "Recommend a " + genre + " book"); for await (const [chunk] of r("fantasy")) process.stdout.write(chunk.content);';
const r=await build({stdin:{contents:program,resolveDir:root},tsconfigRaw:{},alias:{'#platform':resolve(root,process.argv[2]??'src/platform/node.ts')},bundle:true,minify:true,platform:'node',format:'esm',write:false,metafile:true});
console.log('source bundle', gzipSync(r.outputFiles[0].text,{level:9}).length, r.outputFiles[0].text.length);
const o=Object.values(r.metafile.outputs)[0].inputs;
for(const [k,v] of Object.entries(o).sort((a,b)=>b[1].bytesInOutput-a[1].bytesInOutput)) if(v.bytesInOutput>0) console.log(v.bytesInOutput,k);
