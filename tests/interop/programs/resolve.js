// resolve.js SERVER 4|6|Srv NAME prints what Node's dns.Resolver (c-ares) makes of it, as JSON.
const { Resolver } = require("node:dns").promises;

async function main([server, what, name]) {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([server]);
  try {
    const found = await resolver[`resolve${what}`](name);
    const lines = found.map((r) => (r.name ? `${r.priority} ${r.weight} ${r.port} ${r.name}` : r));
    console.log(JSON.stringify(lines.sort()));
  } catch (error) {
    console.log(JSON.stringify(error.code));
  }
}

main(process.argv.slice(2));
